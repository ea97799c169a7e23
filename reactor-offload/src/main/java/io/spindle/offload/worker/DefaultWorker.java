// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.worker;

import io.spindle.loop.EventLoop;
import io.spindle.loop.EventLoopSpec;
import io.spindle.loop.Handle;
import io.spindle.loop.LoopMetrics;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.Exceptions;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * The life of a worker: a thread that runs a program on a loop and waits for its end, and then what the parent is told,
 * in order, on its loop: the messages that are left, the error, the exit code.
 */
final class DefaultWorker<I, O> implements Worker<I, O> {

    private static final Logger log = LoggerFactory.getLogger(Worker.class);

    private static final AtomicInteger IDS = new AtomicInteger();
    private static final int ENDED = -1;
    private static final int FAILURE_CODE = 1;

    private final WorkerSpec<I, O> spec;
    private final int id = IDS.incrementAndGet();
    private final String name;
    private final Map<Object, Object> environmentData =
            Map.copyOf(WorkerScope.current().environmentData());
    private final EntangledPort<I, O> port;
    private final @Nullable EventLoop parentLoop = EventLoop.current();
    private final @Nullable Handle parentHandle = parentLoop == null ? null : parentLoop.open("Worker");
    private final Scheduler.@Nullable Worker parentWorker =
            parentLoop == null ? Schedulers.parallel().createWorker() : null;
    private final Disposable.Swap parentWatch = Disposables.swap();
    private final Sinks.Empty<Void> onlineSink = Sinks.empty();
    private final Sinks.One<Throwable> errorSink = Sinks.one();
    private final Sinks.One<Integer> exitSink = Sinks.one();
    private volatile @Nullable EventLoop loop;
    private volatile @Nullable Thread thread;
    private volatile boolean terminated;
    private volatile boolean ended;

    DefaultWorker(WorkerSpec<I, O> spec) {
        this.spec = spec;
        this.name = spec.nameOr("worker-" + id);
        this.port = spec.port(name);
    }

    static <T> Mono<T> compute(Callable<? extends @Nullable T> task) {
        Objects.requireNonNull(task, "task");
        WorkerSpec<Void, T> spec = WorkerSpec.of(context -> {
            T value = task.call();
            if (value != null) {
                context.parentPort().postMessage(value);
            }
        });
        return Mono.using(spec::start, worker -> worker.messages().singleOrEmpty(), Worker::dispose);
    }

    Worker<I, O> launch() {
        if (parentLoop != null) {
            parentWatch.update(parentLoop.onDispose().subscribe(none -> {}, error -> {}, this::dispose));
        }
        // The loop has a thread of its own and run() waits for its end: it is the end of a program that makes an exit.
        Thread launcher = new Thread(null, this::live, name + "-launcher", 0, false);
        launcher.setDaemon(true);
        launcher.setContextClassLoader(Thread.currentThread().getContextClassLoader());
        try {
            launcher.start();
        } catch (Throwable error) { // the system has no more threads to give
            home(() -> finish(FAILURE_CODE, error));
        }
        return this;
    }

    /** The launcher's thread. */
    private void live() {
        int code = FAILURE_CODE;
        Throwable failure = null;
        try {
            code = EventLoopSpec.of(name).blockedThreshold(Duration.ZERO).run(this::program);
            if (code == 0 && terminated) {
                code = FAILURE_CODE; // the loop found itself empty before it saw that it was told to exit
            }
        } catch (Throwable thrown) {
            failure = terminated ? null : Exceptions.unwrap(thrown); // it may be how the code took the interrupt
        }
        EventLoop own = loop;
        if (own != null) {
            WorkerScope.end(own);
        }
        int exitCode = code;
        Throwable error = failure;
        home(() -> finish(exitCode, error));
    }

    /** On the worker's loop. */
    private void program(EventLoop own) {
        thread = Thread.currentThread();
        loop = own;
        if (terminated) { // who terminates sets this, then looks for the loop
            own.exit(FAILURE_CODE);
            return;
        }
        WorkerScope.begin(own, id, environmentData);
        EntangledPort<O, I> parentPort = port.peer();
        parentPort.attach(own);
        home(onlineSink::tryEmitEmpty);
        try {
            spec.main().start(new DefaultWorkerContext<>(own, name, id, parentPort, spec.data()));
        } catch (Exception error) {
            throw Exceptions.propagate(error);
        }
    }

    /** Runs where the parent lives, in order, or elsewhere when that has ended. */
    private void home(Runnable callback) {
        AtomicBoolean ran = new AtomicBoolean();
        Runnable once = () -> {
            if (ran.compareAndSet(false, true)) {
                callback.run();
            }
        };
        try {
            if (parentLoop != null) {
                parentLoop.netty().execute(once);
            } else if (parentWorker != null) {
                parentWorker.schedule(once);
            }
        } catch (RejectedExecutionException end) {
            once.run();
            return;
        }
        if (parentLoop != null && parentLoop.isDisposed()) { // it may end at once, or when it is idle
            parentLoop.onDispose().publishOn(Schedulers.parallel()).subscribe(none -> {}, error -> {}, once);
        }
    }

    private void finish(int code, @Nullable Throwable error) {
        port.outbound().close();
        port.outbound().discard();
        port.closeRequests();
        port.inbound().close(error, () -> home(() -> exited(code, error)));
    }

    private void exited(int code, @Nullable Throwable error) {
        ended = true;
        parentWatch.dispose();
        onlineSink.tryEmitEmpty();
        boolean handled = error == null || port.inbound().isErrorDelivered() || errorSink.currentSubscriberCount() > 0;
        if (error == null) {
            errorSink.tryEmitEmpty();
        } else {
            errorSink.tryEmitValue(error);
        }
        exitSink.tryEmitValue(code);
        if (parentHandle != null) {
            parentHandle.dispose();
        }
        if (parentWorker != null) {
            parentWorker.dispose();
        }
        if (error != null && !handled) {
            unhandled(error);
        }
    }

    private void unhandled(Throwable error) {
        if (parentLoop != null && parentLoop.inLoop()) {
            throw Exceptions.propagate(error); // to the loop's uncaught handler
        }
        log.error("[{}] the worker ended with an error that nobody listens for", name, error);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public int threadId() {
        return ended ? ENDED : id;
    }

    @Override
    public Optional<LoopMetrics> metrics() {
        EventLoop own = ended ? null : loop;
        return own == null ? Optional.empty() : Optional.of(own.metrics());
    }

    @Override
    public double utilization() {
        return metrics().map(LoopMetrics::utilization).orElse(0.0);
    }

    @Override
    public boolean postMessage(I message) {
        return port.postMessage(message);
    }

    @Override
    public Mono<Void> send(I message) {
        return port.send(message);
    }

    @Override
    public Flux<O> messages() {
        return port.messages();
    }

    @Override
    public Flux<MessageCodecException> messageErrors() {
        return port.messageErrors();
    }

    @Override
    public Mono<O> request(I message) {
        return port.request(message);
    }

    @Override
    public Disposable onRequest(Function<? super O, ? extends Mono<? extends I>> handler) {
        return port.onRequest(handler);
    }

    @Override
    public Mono<Void> online() {
        return signal(onlineSink.asMono());
    }

    @Override
    public Mono<Throwable> error() {
        return signal(errorSink.asMono());
    }

    @Override
    public Mono<Integer> exit() {
        return signal(exitSink.asMono());
    }

    /**
     * Signals where the parent lives already, unless that has ended; brings it home to any other loop, but does not hold
     * the worker's own.
     */
    private <T> Mono<T> signal(Mono<T> source) {
        return Mono.defer(() -> {
            EventLoop current = EventLoop.current();
            if (current == null || current.equals(loop)) {
                return source;
            }
            return current.equals(parentLoop) ? until(current, source) : current.adopt(source);
        });
    }

    /** What signals on a loop, and not at all when that has ended: an end there would be told as that of the worker. */
    private static <T> Mono<T> until(EventLoop loop, Mono<T> source) {
        return Mono.create(sink -> {
            Disposable upstream = source.subscribe(
                    value -> onLoop(loop, () -> sink.success(value)),
                    error -> onLoop(loop, () -> sink.error(error)),
                    () -> onLoop(loop, sink::success));
            Disposable watch = loop.onDispose().subscribe(none -> {}, error -> {}, upstream::dispose);
            sink.onDispose(Disposables.composite(upstream, watch));
        });
    }

    /** Elsewhere it comes only after the end of the loop, which may not have been told yet. */
    private static void onLoop(EventLoop loop, Runnable signal) {
        if (loop.inLoop()) {
            signal.run();
        }
    }

    @Override
    public Mono<Integer> terminate() {
        return Mono.defer(() -> {
            if (ended) {
                return Mono.empty();
            }
            dispose();
            return exit();
        });
    }

    @Override
    public void dispose() {
        if (ended || terminated) {
            return;
        }
        terminated = true;
        ref();
        EventLoop own = loop;
        if (own != null) {
            own.exit(FAILURE_CODE);
            Thread running = thread;
            if (running != null && running != Thread.currentThread()) {
                running.interrupt();
            }
        }
    }

    @Override
    public Mono<Void> disposeGracefully() {
        return Mono.defer(() -> {
            port.closeOutbound();
            return exit().then();
        });
    }

    @Override
    public boolean isDisposed() {
        return ended || terminated;
    }

    @Override
    public Worker<I, O> ref() {
        if (parentHandle != null) {
            parentHandle.ref();
        }
        return this;
    }

    @Override
    public Worker<I, O> unref() {
        if (parentHandle != null) {
            parentHandle.unref();
        }
        return this;
    }

    @Override
    public boolean hasRef() {
        return parentHandle != null && parentHandle.hasRef();
    }

    @Override
    public String toString() {
        return "Worker(" + name + ")";
    }
}
