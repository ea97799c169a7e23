// SPDX-License-Identifier: Apache-2.0
package io.spindle.process.ipc;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.testkit.LeakCheck;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.Disposable;

@ExtendWith(LeakCheck.class)
class KeepAliveTest {

    private static Thread awaiting(KeepAlive keepAlive, CountDownLatch done) {
        Thread thread = new Thread(() -> {
            keepAlive.await();
            done.countDown();
        });
        thread.start();
        return thread;
    }

    private static boolean isOver(CountDownLatch done) throws InterruptedException {
        return done.await(20, TimeUnit.SECONDS);
    }

    private static boolean hasThreadOfItsOwn() {
        return Thread.getAllStackTraces().keySet().stream()
                .anyMatch(thread -> thread.isAlive() && thread.getName().equals("spindle-fork-alive"));
    }

    @Test
    void theMainThreadWaitsForTheLastHold() throws Exception {
        KeepAlive keepAlive = KeepAlive.underMain();
        Disposable first = keepAlive.hold();
        Disposable second = keepAlive.hold();
        CountDownLatch done = new CountDownLatch(1);
        Thread main = awaiting(keepAlive, done);

        first.dispose();
        first.dispose();
        while (main.getState() != Thread.State.WAITING) {
            LockSupport.parkNanos(100_000);
        }
        assertThat(done.getCount()).as("the second holds it").isOne();
        assertThat(hasThreadOfItsOwn()).isFalse();

        second.dispose();
        assertThat(isOver(done)).isTrue();
    }

    @Test
    void aHoldAfterTheMainThreadHasGoneHasOneOfItsOwn() throws Exception {
        KeepAlive keepAlive = KeepAlive.underMain();
        keepAlive.await();

        Disposable hold = keepAlive.hold();
        assertThat(hasThreadOfItsOwn()).isTrue();

        hold.dispose(); // and LeakCheck sees that it ends
    }

    @Test
    void theEndOfTheChannelEndsAllWaiting() throws Exception {
        KeepAlive keepAlive = KeepAlive.underMain();
        keepAlive.hold();
        CountDownLatch done = new CountDownLatch(1);
        awaiting(keepAlive, done);

        keepAlive.end();

        assertThat(isOver(done)).isTrue();
        keepAlive.hold();
        assertThat(hasThreadOfItsOwn()).isFalse();
    }

    @RepeatedTest(50)
    void holdsOfManyThreadsAreCounted() throws Exception {
        KeepAlive keepAlive = KeepAlive.underMain();
        Disposable last = keepAlive.hold();
        CountDownLatch done = new CountDownLatch(1);
        awaiting(keepAlive, done);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            Thread thread = new Thread(() -> {
                for (int round = 0; round < 200; round++) {
                    keepAlive.hold().dispose();
                }
            });
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) {
            thread.join();
        }

        assertThat(done.getCount()).isOne();
        last.dispose();
        assertThat(isOver(done)).isTrue();
    }
}
