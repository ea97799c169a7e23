// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.channel.epoll.Epoll;
import io.spindle.offload.WorkerLostException;
import io.spindle.offload.WorkerLostException.Reason;
import io.spindle.offload.WorkerPlace;
import io.spindle.offload.WorkerPoolSpec;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The worker JVMs of one pool: how one is started, and when the next may be. On the threads of the pool, which wait. */
final class ProcessPlaces implements Function<String, WorkerPlace> {

    /** Beyond the grace, for what must have ended by then. */
    static final Duration PATIENCE = Duration.ofSeconds(10);

    private final Fork fork;
    private final LossPause pause = new LossPause();

    ProcessPlaces(WorkerPoolSpec spec) {
        if (!Epoll.isAvailable()) {
            throw new UnsupportedOperationException(
                    "pool " + spec.name()
                            + " cannot run its tasks in other processes: they need Linux and Netty's epoll",
                    Epoll.unavailabilityCause());
        }
        fork = Fork.of(TaskMain.class)
                .jvmArgs("-XX:+ExitOnOutOfMemoryError") // where the user's flags may say otherwise
                .jvmArgs(spec.jvmArgs().toArray(String[]::new))
                .options(command -> command.grace(spec.grace()));
    }

    @Override
    public WorkerPlace apply(String worker) {
        try {
            TimeUnit.NANOSECONDS.sleep(pause.nanos());
            return new ProcessPlace(worker, spawn(worker), pause);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("the start of worker " + worker + " was interrupted", e);
        }
    }

    private DefaultForkedProcess spawn(String worker) throws InterruptedException {
        CompletableFuture<@Nullable ForkedProcess> started =
                fork.args(worker).spawn().toFuture();
        try {
            return (DefaultForkedProcess) Objects.requireNonNull(started.get()); // the only kind there is
        } catch (InterruptedException e) {
            abandon(started);
            throw e;
        } catch (ExecutionException e) {
            pause.lost();
            throw notStarted(worker, Objects.requireNonNullElse(e.getCause(), e));
        }
    }

    /** Nobody takes it: it is killed, also if it has come at this moment, and not waited for. */
    private static void abandon(CompletableFuture<@Nullable ForkedProcess> started) {
        if (!started.cancel(true) && !started.isCompletedExceptionally()) {
            Objects.requireNonNull(started.join()).dispose();
        }
    }

    private static RuntimeException notStarted(String worker, Throwable cause) {
        int code = cause instanceof ForkException early
                ? early.status().map(ExitStatus::code).orElse(-1)
                : -1;
        return new WorkerLostException(
                "worker " + worker + " did not start: " + cause.getMessage(), Reason.NOT_STARTED, code, cause);
    }
}
