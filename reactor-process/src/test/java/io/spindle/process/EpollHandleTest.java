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

    /** A stage whose pipeline fails may be closed before it is opened. */
    @Test
    @SuppressWarnings("FutureReturnValueIgnored") // the event itself is asked
    void whatWasReleasedFirstIsNotRegisteredUnderTheNumberOfAnother() throws Exception {
        IoEventLoop loop = PipeLoops.common();
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

        assertThat(second[0].intValue()).as("the number is used again").isEqualTo(first[0].intValue());
        assertThat(event.get(GUARD.toSeconds(), TimeUnit.SECONDS)).isNotZero();
        first[1].close();
        second[1].close();
    }
}
