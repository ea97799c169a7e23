// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.channel.IoEventLoop;
import io.spindle.loop.EventLoop;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;
import reactor.util.context.Context;

/**
 * One attempt to start the stages of a pipeline, or a command, which is one stage: made where it is subscribed, run on
 * a thread that may block.
 */
final class Launch implements Disposable {

    private final List<Command> stages;
    private final @Nullable EventLoop home = EventLoop.current();
    private @Nullable FakeEngine fake; // written before the worker runs
    private @Nullable IoEventLoop loop; // worker only
    private final Disposable.Swap children = Disposables.swap();
    private volatile ProcessLimit.@Nullable Turn turn;

    Launch(List<Command> stages) {
        this.stages = stages;
    }

    Mono<List<DefaultChildProcess>> start() {
        return Mono.create(sink -> {
            sink.onCancel(this);
            fake = FakeEngine.of(stages, sink.contextView());
            ProcessLimit limit = stages.get(0).limit();
            if (limit == null) {
                schedule(sink);
            } else {
                turn = limit.turn(() -> schedule(sink));
                if (!isDisposed()) { // else the turn may not have been known to who did it
                    turn.enter();
                }
            }
        });
    }

    private void schedule(MonoSink<List<DefaultChildProcess>> sink) {
        try {
            (fake == null ? Workers.LAUNCH : fake.launcher()).schedule(() -> run(sink));
        } catch (RejectedExecutionException e) {
            leave();
            sink.error(e);
        }
    }

    private void run(MonoSink<List<DefaultChildProcess>> sink) {
        if (isDisposed()) {
            leave();
            return;
        }
        List<DefaultChildProcess> started;
        try {
            started = launch(Context.of(sink.contextView()));
        } catch (LaunchException | RuntimeException | Error e) {
            leave();
            Throwable error = explained(e);
            signal(() -> sink.error(error));
            return;
        }
        if (turn != null) {
            Mono.when(started.stream().map(DefaultChildProcess::closed).toList())
                    .subscribe(null, null, this::leave);
        }
        if (children.update(() -> started.forEach(DefaultChildProcess::cancel))) { // else they have been disposed
            signal(() -> sink.success(started));
        }
    }

    /** Never throws: a JVM without a descriptor may not even be able to load the class of the reason. */
    private static Throwable explained(Throwable e) {
        if (!(e instanceof LaunchException failed)) {
            return e;
        }
        ProcessCounters.ALL.spawnFailed();
        try {
            return failed.explain();
        } catch (RuntimeException | Error unexplained) {
            unexplained.addSuppressed(e);
            return unexplained;
        }
    }

    private Engine engine() {
        return fake == null ? stages.get(0).engine() : fake;
    }

    /** All signals come on the loop of the pipes, as the output will; right here, if that could not be had. */
    private void signal(Runnable task) {
        IoEventLoop pipes = loop;
        if (pipes == null) {
            task.run();
            return;
        }
        try {
            pipes.execute(task);
        } catch (RejectedExecutionException e) {
            task.run();
        }
    }

    private List<DefaultChildProcess> launch(Context context) throws LaunchException {
        Engine engine = engine();
        IoEventLoop pipes = engine.loop(home);
        loop = pipes;
        LiveChildren.launching();
        try {
            List<Launched> launched = engine.launch(stages, pipes);
            List<DefaultChildProcess> started = new ArrayList<>(launched.size());
            for (Launched each : launched) {
                started.add(new DefaultChildProcess(stages.get(started.size()), each, pipes));
            }
            begin(started, context);
            return started;
        } finally {
            LiveChildren.launched();
        }
    }

    private void begin(List<DefaultChildProcess> started, Context context) {
        started.forEach(each -> each.isStageOf(started));
        int begun = 0;
        try {
            for (DefaultChildProcess each : started) {
                each.begin(home, context);
                begun++;
            }
        } catch (RejectedExecutionException e) { // its loop has ended; the one that says so has been undone
            started.subList(0, begun).forEach(DefaultChildProcess::dispose);
            started.subList(begun + 1, started.size()).forEach(DefaultChildProcess::abandon);
            throw e;
        }
    }

    /** Makes the subscriber the owner of what was started; false if it has been disposed instead. */
    boolean handOver() {
        return children.replace(Disposables.never());
    }

    private void leave() {
        if (turn != null) {
            turn.leave();
        }
    }

    /** Prevents the start, or ends what was started and has not been handed over. */
    @Override
    public void dispose() {
        children.dispose();
        if (turn != null) {
            turn.giveUp();
        }
    }

    @Override
    public boolean isDisposed() {
        return children.isDisposed();
    }
}
