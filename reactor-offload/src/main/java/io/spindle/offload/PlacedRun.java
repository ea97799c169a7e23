// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Sinks;

/**
 * A task at the place of its thread, and again at the next ones if places are lost under it. On that thread only, but for
 * {@link #stop}.
 */
final class PlacedRun {

    private static final Logger log = LoggerFactory.getLogger(WorkerPool.class);

    private final PoolTask task;
    private final PoolThread thread;
    private final Function<? super String, ? extends WorkerPlace> places;
    private final List<Throwable> losses = new ArrayList<>(0);
    private final Sinks.Empty<Void> stop = Sinks.empty();

    PlacedRun(PoolTask task, PoolThread thread, Function<? super String, ? extends WorkerPlace> places) {
        this.task = task;
        this.thread = thread;
        this.places = places;
    }

    <T> @Nullable T run(Callable<? extends @Nullable T> call, int retries) throws Exception {
        task.placed(this); // before it is looked whether the task is wanted: who stops it looks the other way round
        while (true) {
            try {
                WorkerPlace place = open();
                checkWanted(); // opening it may have taken long, and it may have taken the interrupt
                if (!losses.isEmpty()) {
                    tellOfRetry(retries);
                }
                return place.run(call, stop.asMono());
            } catch (Throwable error) {
                if (!isLoss(error)
                        || losses.size() >= retries
                        || isOver()
                        || thread.thread().isInterrupted()) {
                    losses.stream().filter(loss -> !loss.equals(error)).forEach(error::addSuppressed);
                    throw error;
                }
                losses.add(error);
            }
        }
    }

    /** The task is to be stopped. Any thread. */
    void stop() {
        stop.tryEmitEmpty();
    }

    private WorkerPlace open() throws InterruptedException {
        try {
            return thread.place(places);
        } catch (RuntimeException error) {
            if (Interrupts.caused(error)) {
                checkWanted(); // says why it was interrupted
            }
            throw error;
        }
    }

    private void checkWanted() throws InterruptedException {
        if (task.isStopped()) {
            throw new InterruptedException("the task was stopped before its worker could run it");
        }
        if (task.pool.isDead()) {
            throw task.pool.disposed();
        }
    }

    private void tellOfRetry(int retries) {
        task.pool.taskRetried();
        log.warn(
                "[{}] {} runs a task again, retry {} of {}: {}",
                task.pool.name(),
                thread.name(),
                losses.size(),
                retries,
                losses.get(losses.size() - 1).toString());
    }

    /** Not what the task threw: if that was the loss of another pool's worker, this place is still there. */
    private boolean isLoss(Throwable error) {
        return error instanceof WorkerLostException && !thread.hasPlace();
    }

    private boolean isOver() {
        return task.isStopped() || task.pool.isDead();
    }
}
