// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.channel.AbstractEventLoop;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelPromise;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoRegistration;
import io.netty.util.concurrent.DefaultPromise;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.Delayed;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.scheduler.Scheduler;

/** A loop without I/O, which runs its tasks one after the other on a scheduler, and so in that one's time. */
final class FakeLoop extends AbstractEventLoop implements IoEventLoop {

    private final Scheduler scheduler;
    private final Scheduler.Worker worker;
    private volatile @Nullable Thread runner;

    FakeLoop(Scheduler scheduler) {
        this.scheduler = scheduler;
        worker = scheduler.createWorker();
    }

    /** Returns the time of the scheduler. */
    long nanoTime() {
        return scheduler.now(TimeUnit.NANOSECONDS);
    }

    @Override
    public boolean inEventLoop(Thread thread) {
        return thread.equals(runner);
    }

    @Override
    public void execute(Runnable task) {
        worker.schedule(() -> run(task));
    }

    private void run(Runnable task) {
        Thread before = runner;
        runner = Thread.currentThread();
        try {
            task.run();
        } finally {
            runner = before;
        }
    }

    @Override
    public ScheduledFuture<?> schedule(Runnable task, long delay, TimeUnit unit) {
        Timer timer = new Timer(this, nanoTime() + unit.toNanos(delay));
        timer.task.update(worker.schedule(
                () -> {
                    if (timer.setUncancellable()) {
                        run(task);
                        timer.trySuccess(null);
                    }
                },
                delay,
                unit));
        return timer;
    }

    @Override
    public IoEventLoop next() {
        return this;
    }

    @Override
    public boolean isCompatible(Class<? extends IoHandle> handle) {
        return false;
    }

    @Override
    public boolean isIoType(Class<? extends IoHandler> handler) {
        return false;
    }

    @Override
    public Future<IoRegistration> register(IoHandle handle) {
        throw noChannels();
    }

    @Deprecated
    @Override
    public ChannelFuture register(Channel channel) {
        throw noChannels();
    }

    @Deprecated
    @Override
    public ChannelFuture register(ChannelPromise promise) {
        throw noChannels();
    }

    @Override
    @Deprecated
    public ChannelFuture register(Channel channel, ChannelPromise promise) {
        throw noChannels();
    }

    private static UnsupportedOperationException noChannels() {
        return new UnsupportedOperationException("there is no I/O on the loop of a fake program");
    }

    @Override
    public boolean isShuttingDown() {
        return false;
    }

    @Override
    public Future<?> shutdownGracefully(long quietPeriod, long timeout, TimeUnit unit) {
        return newSucceededFuture(null);
    }

    @Override
    public Future<?> terminationFuture() {
        return newSucceededFuture(null);
    }

    @Override
    @Deprecated
    public void shutdown() {}

    @Override
    public boolean isShutdown() {
        return false;
    }

    @Override
    public boolean isTerminated() {
        return false;
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) {
        return false;
    }

    private static final class Timer extends DefaultPromise<Void> implements ScheduledFuture<Void> {

        private final Disposable.Swap task = Disposables.swap();
        private final FakeLoop loop;
        private final long dueNanos;

        Timer(FakeLoop loop, long dueNanos) {
            super((EventExecutor) loop);
            this.loop = loop;
            this.dueNanos = dueNanos;
        }

        @Override
        public boolean cancel(boolean mayInterrupt) {
            task.dispose();
            return super.cancel(mayInterrupt);
        }

        @Override
        public long getDelay(TimeUnit unit) {
            return unit.convert(dueNanos - loop.nanoTime(), TimeUnit.NANOSECONDS);
        }

        @Override
        public int compareTo(Delayed other) {
            return Long.compare(getDelay(TimeUnit.NANOSECONDS), other.getDelay(TimeUnit.NANOSECONDS));
        }
    }
}
