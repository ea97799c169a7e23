// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import static io.spindle.process.Await.GUARD;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.IoEventLoop;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import io.spindle.testkit.LeakCheck;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith({JvmWarmUp.class, LeakCheck.class})
class EpollHandleTest {

    private static final int MAX_TRIES = 100;

    /** A stage whose pipeline fails may be closed before it is opened. */
    @Test
    void whatWasReleasedFirstIsNotRegisteredUnderTheNumberOfAnother() throws Exception {
        IoEventLoop loop = PipeLoops.common();
        boolean usedAgain = false;
        for (int tries = 0; tries < MAX_TRIES && !usedAgain; tries++) { // others give descriptors back at the same time
            usedAgain = isUsedAgain(loop);
        }
        assertThat(usedAgain).as("the number is used again").isTrue();
    }

    /** Returns whether the number of the one that was released was given to the other one, which hears of its event anyway. */
    @SuppressWarnings("FutureReturnValueIgnored") // the event itself is asked
    private static boolean isUsedAgain(IoEventLoop loop) throws Exception {
        CompletableFuture<Integer> event = new CompletableFuture<>();
        FileDescriptor[] first = FileDescriptor.pipe();
        EpollHandle released = new EpollHandle(first[0], bits -> {}, () -> {});

        FileDescriptor[] second = loop.submit(() -> {
                    released.release();
                    released.register(loop, EpollIoOps.EPOLLIN);
                    FileDescriptor[] reused = FileDescriptor.pipe();
                    EpollHandle handle = new EpollHandle(reused[0], event::complete, () -> {});
                    handle.register(loop, EpollIoOps.EPOLLIN);
                    event.whenComplete((bits, error) -> handle.release());
                    reused[1].write(ByteBuffer.allocateDirect(1), 0, 1);
                    return reused;
                })
                .get(GUARD.toSeconds(), TimeUnit.SECONDS);

        assertThat(event.get(GUARD.toSeconds(), TimeUnit.SECONDS)).isNotZero();
        first[1].close();
        second[1].close();
        return second[0].intValue() == first[0].intValue();
    }
}
