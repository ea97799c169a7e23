// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.embedded.EmbeddedChannel;
import io.spindle.loop.EventLoop;
import io.spindle.loop.EventLoopSpec;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

class PulseTest {

    /** The program may block all the threads that are there for it: its loops turn, so it is well. */
    @Test
    void aProgramThatBlocksItsThreadsIsWell() {
        EventLoop loop = EventLoopSpec.of("pulse").start();
        CountDownLatch end = new CountDownLatch(1);
        Scheduler program = Schedulers.boundedElastic();
        Disposable.Composite calls = Disposables.composite();
        for (int i = 0; i < Schedulers.DEFAULT_BOUNDED_ELASTIC_SIZE; i++) {
            calls.add(program.schedule(() -> await(end)));
        }
        try {
            Connections connections = new Connections(loop);
            connections.accepted(new EmbeddedChannel());
            connections.requested();
            connections.requested();

            Control.Pulse pulse = new Pulse(connections).take().block(Probe.PATIENCE);

            assertThat(pulse).isNotNull();
            assertThat(pulse.residentBytes()).isGreaterThan(1024 * 1024);
            assertThat(pulse)
                    .isEqualTo(
                            new Control.Pulse(pulse.residentBytes(), 1, 1, 2, pulse.cpuMillis(), pulse.delayMicros()));
            assertThat(pulse.cpuMillis()).isPositive();
            assertThat(pulse.delayMicros()).isNotNegative();
        } finally {
            end.countDown();
            calls.dispose();
            loop.disposeGracefully().block(Probe.PATIENCE);
        }
    }

    private static void await(CountDownLatch end) {
        try {
            end.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void memoryIsReadInKilobytes() {
        assertThat(Pulse.residentBytes("Name:\tjava\nVmHWM:\t    9999 kB\nVmRSS:\t    1234 kB\nThreads:\t9\n"))
                .isEqualTo(1234 * 1024);
        assertThat(Pulse.residentBytes("Name:\tjava\n")).isZero();
    }
}
