// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.channel.IoEventLoop;
import io.spindle.loop.EventLoop;
import java.io.IOException;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;
import reactor.util.context.Context;

/** One attempt to start a command: made where it is subscribed, run on a thread that may block. */
final class Launch implements Disposable {

    private final Command command;
    private final @Nullable EventLoop home = EventLoop.current();
    private final Disposable.Swap child = Disposables.swap();

    Launch(Command command) {
        this.command = command;
    }

    Mono<DefaultChildProcess> start() {
        return Mono.create(sink -> {
            sink.onCancel(this);
            try {
                Workers.LAUNCH.schedule(() -> run(sink));
            } catch (RejectedExecutionException e) {
                sink.error(e);
            }
        });
    }

    private void run(MonoSink<DefaultChildProcess> sink) {
        if (isDisposed()) {
            return;
        }
        DefaultChildProcess started;
        try {
            started = launch(Context.of(sink.contextView()));
        } catch (IOException e) {
            SpawnException error = SpawnFailures.explain(command, e);
            signal(() -> sink.error(error));
            return;
        } catch (RuntimeException | Error e) {
            signal(() -> sink.error(e));
            return;
        }
        if (child.update(started)) { // else it has been disposed by this
            signal(() -> sink.success(started));
        }
    }

    /** All signals come on the loop of the pipes, as the output will. */
    private void signal(Runnable task) {
        try {
            PipeLoops.choose(home, command.engine()).execute(task);
        } catch (RejectedExecutionException e) {
            task.run();
        }
    }

    private DefaultChildProcess launch(Context context) throws IOException {
        Engine engine = command.engine();
        IoEventLoop loop = PipeLoops.choose(home, engine);
        LiveChildren.launching();
        try {
            DefaultChildProcess started = new DefaultChildProcess(command, engine.launch(command, loop), loop);
            started.begin(home, context);
            return started;
        } finally {
            LiveChildren.launched();
        }
    }

    /** Makes the subscriber the owner of what was started; false if it has been disposed instead. */
    boolean handOver() {
        return child.replace(Disposables.never());
    }

    /** Prevents the start, or ends what was started and has not been handed over. */
    @Override
    public void dispose() {
        child.dispose();
    }

    @Override
    public boolean isDisposed() {
        return child.isDisposed();
    }
}
