// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.spindle.offload.Task;
import io.spindle.offload.TaskCall;
import io.spindle.offload.WorkerPool;
import io.spindle.offload.WorkerPoolSpec;
import io.spindle.process.TaskMessages.Failure;
import io.spindle.process.TaskMessages.Head;
import io.spindle.process.TaskMessages.Outcome;
import io.spindle.process.ipc.Channel;
import io.spindle.process.ipc.Message;
import io.spindle.process.ipc.Reply;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;

/**
 * The program of a worker JVM: runs the tasks that its parent orders, one at a time, on a pool of one thread. That pool
 * never interrupts, for the parent kills.
 */
final class TaskMain {

    private static final Duration NEVER = Duration.ofDays(1000);
    private static final long GOODBYE_MILLIS = 1000;

    private final WorkerPool pool;
    private @Nullable Run latest; // loop of the channel only
    private volatile long stopped; // the highest number of an order that is to be stopped

    private TaskMain(WorkerPool pool) {
        this.pool = pool;
    }

    /**
     * Works until the parent ends it, or has ended itself.
     *
     * @param args the name of the worker
     */
    public static void main(String[] args) {
        TaskMain worker = new TaskMain(
                WorkerPoolSpec.of(args[0]).threads(1, 1).grace(NEVER).start());
        Channel.parent().subscribe(worker::work);
    }

    private void work(Channel parent) {
        parent.onRequest(TaskMessages.RUN, this::run);
        parent.onRequest(TaskMessages.STOP, this::stop);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> sayGoodbye(parent), "spindle-task-exit"));
    }

    /** So that the parent can tell an exit from the end of a JVM that is out of memory and has no time for hooks. */
    private static void sayGoodbye(Channel parent) {
        try {
            parent.disconnect().toFuture().get(GOODBYE_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            parent.dispose(); // it has been said, or the parent has gone
        }
    }

    private Mono<Reply> run(Message order) {
        return Mono.create(sink -> {
            Run run = new Run(order, sink);
            latest = run;
            run.work.update(pool.run(run).subscribe(null, sink::error)); // no thread to be had
        });
    }

    private Mono<Reply> stop(Message message) {
        long number = message.as(Long.class);
        stopped = number; // first: an order that is not known yet looks here
        Run run = latest;
        if (run != null && run.number == number) {
            run.work.dispose(); // which asks it
        }
        return Mono.empty();
    }

    /** One order: what it says is read on the thread of the pool. */
    private final class Run implements Callable<@Nullable Void> {

        private final Message order;
        private final MonoSink<Reply> sink;
        private final Disposable.Swap work = Disposables.swap();
        private volatile long number; // as soon as it is known

        Run(Message order, MonoSink<Reply> sink) {
            this.order = order;
            this.sink = sink;
        }

        @Override
        public @Nullable Void call() {
            Outcome<?> outcome;
            try {
                outcome = outcome(order.as(Head.class));
            } catch (Throwable thrown) { // an Error too: what this JVM survives is the task's
                outcome = new Outcome<>(null, Failure.of(thrown));
            }
            sink.success(Reply.of(outcome));
            return null;
        }

        private Outcome<?> outcome(Head head) throws Exception {
            number = head.number();
            if (stopped >= head.number()) {
                return new Outcome<>(null, null); // nobody waits for it
            }
            Class<?> named = Class.forName(head.task(), false, TaskMain.class.getClassLoader());
            if (!Task.class.isAssignableFrom(named)) {
                throw new IllegalArgumentException("task must implement " + Task.class.getName() + ", was " + named);
            }
            @SuppressWarnings("unchecked") // the order is read as what the task takes
            Class<? extends Task<Object, Object>> task = (Class<? extends Task<Object, Object>>) named;
            return new Outcome<>(
                    TaskCall.of(task, TaskMessages.order(task, order).input()).call(), null);
        }
    }
}
