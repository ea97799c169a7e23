// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import io.netty.channel.Channel;
import io.netty.channel.IoEventLoop;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.Exceptions;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.netty.resources.LoopResources;
import reactor.util.concurrent.Queues;

/** The life of a loop: what it accepts, what keeps it alive, how it ends. The turn itself is {@link NettyLoop}. */
final class DefaultEventLoop implements EventLoop {

    private static final Logger log = LoggerFactory.getLogger(EventLoop.class);

    private static final int MAX_EXIT_CODE = 255;

    static {
        Mono.empty().subscribe(); // the first one makes Reactor look for context-propagation in jars: not on a loop
    }

    private final EventLoopSpec spec;
    private final boolean shared;
    private final NettyLoop netty;
    private final SingleLoopResources resources = new SingleLoopResources(this);
    private final LoopWorker worker = new LoopWorker(this, false);
    private final HandleCounts handles = new HandleCounts();
    private final Adoptions adoptions = new Adoptions();
    private final TurnBudget turnBudget = new TurnBudget();

    private final CountDownLatch endedLatch = new CountDownLatch(1);
    private final Sinks.Empty<Void> endedSink = Sinks.empty();
    private volatile boolean graceful;

    /** No more work is taken, now or for a moment while the loop looks whether it can end. */
    private volatile boolean closed;

    private @Nullable Program program; // set before its thread starts

    DefaultEventLoop(EventLoopSpec spec, boolean shared) {
        this.spec = spec;
        this.shared = shared;
        this.netty = new NettyLoop(this, NettyLoop.transportOf(spec.nativeTransport()));
    }

    EventLoopSpec spec() {
        return spec;
    }

    /** Called as the first thing on the loop's thread. A script runs before the first turn, as in Node. */
    void started() {
        if (!spec.blockedThreshold().isZero()) {
            LoopWatchdog.watch(this, Thread.currentThread());
        }
        if (program != null) {
            Consumer<? super EventLoop> script = program.takeScript();
            netty.runThenDrain(new Wrapper.Of(script, () -> script.accept(this)));
        }
    }

    Consumer<BlockedLoop> blockedListener() {
        Consumer<BlockedLoop> listener = spec.blockedListener();
        return listener != null ? listener : new BlockedLoopLog();
    }

    EventLoop launch() {
        netty.execute(() -> {});
        return this;
    }

    int runProgram(Consumer<? super EventLoop> script) {
        Program started = startProgram(script);
        try {
            endedLatch.await();
        } catch (InterruptedException e) {
            dispose();
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for the program on loop " + name(), e);
        }
        started.addCaller();
        return started.result();
    }

    /** Runs a program without waiting for it; cancel ends it. */
    Mono<Integer> program(Consumer<? super EventLoop> script) {
        Program started = startProgram(script);
        return onDispose().then(Mono.create(started::settle)).doOnCancel(this::dispose);
    }

    private Program startProgram(Consumer<? super EventLoop> script) {
        Program started = new Program(spec, script);
        program = started;
        launch();
        return started;
    }

    @Override
    public String name() {
        return spec.name();
    }

    LoopWorker worker() {
        return worker;
    }

    NettyLoop nettyLoop() {
        return netty;
    }

    @Override
    public IoEventLoop netty() {
        return netty;
    }

    @Override
    public LoopResources resources() {
        return resources;
    }

    @Override
    public boolean inLoop() {
        return netty.inEventLoop();
    }

    @Override
    public void nextTick(Runnable task) {
        Runnable tick = Schedulers.onSchedule(Objects.requireNonNull(task, "task"));
        accept();
        if (inLoop()) {
            netty.nextTick(tick);
        } else {
            postOrReject(() -> netty.nextTick(tick));
        }
    }

    @Override
    public void queueMicrotask(Runnable task) {
        Runnable microtask = Schedulers.onSchedule(Objects.requireNonNull(task, "task"));
        accept();
        if (inLoop()) {
            netty.queueMicrotask(microtask);
        } else {
            postOrReject(() -> netty.queueMicrotask(microtask));
        }
    }

    @Override
    public Handle setImmediate(Runnable task) {
        Immediate immediate = new Immediate(this, Schedulers.onSchedule(Objects.requireNonNull(task, "task")));
        accept();
        if (inLoop()) {
            immediate.queue();
        } else {
            postOrReject(immediate::queuePosted);
        }
        return immediate;
    }

    @Override
    public Timeout setTimeout(Duration delay, Runnable task) {
        return arm(Objects.requireNonNull(delay, "delay"), task, false);
    }

    @Override
    public Timeout setInterval(Duration period, Runnable task) {
        return arm(Objects.requireNonNull(period, "period"), task, true);
    }

    private Timeout arm(Duration delay, Runnable task, boolean repeats) {
        Runnable callback = Schedulers.onSchedule(Objects.requireNonNull(task, "task"));
        LoopTimeout timeout = new LoopTimeout(this, callback, Delays.nodeNanos(delay), repeats);
        accept();
        if (repeats && graceful && !isInExitHook()) {
            throw Exceptions.failWithRejected(); // nothing that repeats begins while the loop ends
        }
        long startNanos = System.nanoTime();
        if (inLoop()) {
            timeout.arm(startNanos);
        } else {
            postOrReject(() -> timeout.arm(startNanos));
        }
        return timeout;
    }

    @Override
    public Handle open(String kind) {
        return opened(new OpenHandle(this, Objects.requireNonNull(kind, "kind"), null));
    }

    @Override
    public Handle open(String kind, Runnable onClose) {
        Objects.requireNonNull(kind, "kind");
        return opened(new OpenHandle(this, kind, Schedulers.onSchedule(Objects.requireNonNull(onClose, "onClose"))));
    }

    @Override
    public Handle handle(Channel channel) {
        return ChannelHandle.of(this, Objects.requireNonNull(channel, "channel"));
    }

    private Handle opened(OpenHandle handle) {
        accept();
        referenced(handle);
        if (closed && !inLoop()) {
            handle.refuse(); // the loop closes, then looks at its handles again: one of the two sides sees the other
            throw Exceptions.failWithRejected();
        }
        return handle;
    }

    @Override
    public LoopMetrics metrics() {
        return netty.counters()
                .snapshot(netty, isDiscarding() ? List.of() : ActiveResources.of(handles, adoptions, netty));
    }

    @Override
    public <T> Mono<T> adopt(Mono<T> source) {
        return Adoption.adopt(this, source);
    }

    @Override
    public <T> Flux<T> adopt(Flux<T> source) {
        return Adoption.adopt(this, source, Queues.SMALL_BUFFER_SIZE);
    }

    @Override
    public <T> Flux<T> adopt(Flux<T> source, int prefetch) {
        if (prefetch < 1) {
            throw new IllegalArgumentException("prefetch must be at least 1, was " + prefetch);
        }
        return Adoption.adopt(this, source, prefetch);
    }

    @Override
    public Disposable schedule(Runnable task) {
        accept();
        return worker.schedule(task);
    }

    @Override
    public Disposable schedule(Runnable task, long delay, TimeUnit unit) {
        accept();
        return worker.schedule(task, delay, unit);
    }

    @Override
    public Disposable schedulePeriodically(Runnable task, long initialDelay, long period, TimeUnit unit) {
        accept();
        return worker.schedulePeriodically(task, initialDelay, period, unit);
    }

    @Override
    public Worker createWorker() {
        return new LoopWorker(this, isDisposing() && !inLoop());
    }

    @Override
    public void init() {
        if (isDisposed()) {
            throw new IllegalStateException("loop " + name() + " has been disposed and cannot start again");
        }
    }

    void post(LoopTask task) {
        if (closed) {
            if (isInExitHook() && task.withdraw()) {
                return;
            }
            throw Exceptions.failWithRejected();
        }
        try {
            netty.execute(task);
        } catch (RejectedExecutionException e) {
            throw Exceptions.failWithRejected(e);
        }
        // The loop closes, then looks at its queue again: one of the two sides takes the task.
        // Netty's own end, by its shutdownGracefully, closes nothing of ours before its last look.
        if ((closed || netty.isShutdown()) && task.withdraw()) {
            throw Exceptions.failWithRejected();
        }
    }

    /**
     * Posts what somebody who holds the loop open waits for: taken as long as anything runs, and dropped, not refused, where
     * it is too late but not over yet.
     */
    void postHeld(LoopTask task) {
        try {
            netty.execute(task);
        } catch (RejectedExecutionException e) {
            throw Exceptions.failWithRejected(e);
        }
        if (netty.isShutdown() && task.withdraw()) { // after Netty's last look at its queue
            throw Exceptions.failWithRejected();
        }
    }

    /** Runs at once on the loop, else posts; forgotten if the loop has ended. */
    void onLoop(Runnable task) {
        if (inLoop()) {
            task.run();
        } else if (!netty.isShutdown()) {
            try {
                netty.execute(task);
            } catch (RejectedExecutionException e) {
                log.trace("[{}] ended meanwhile", name(), e);
            }
        }
    }

    void postOrReject(Runnable task) {
        post(new LoopTask(task, worker));
    }

    private void accept() {
        boolean ends = netty.isDiscarding() && !isInExitHook();
        if (ends || (graceful && !inLoop())) {
            throw Exceptions.failWithRejected();
        }
    }

    /** What the exit hook starts is taken and never runs. */
    boolean isInExitHook() {
        return inLoop() && program != null && program.isInExitHook();
    }

    // loop only
    TurnBudget turnBudget() {
        return turnBudget;
    }

    Adoptions adoptions() {
        return adoptions;
    }

    /** For an adopted publisher: the loop stays open until {@link #letGo}. */
    void hold() {
        accept();
        handles.addPublisher();
        if (closed && !inLoop()) { // as for a handle
            letGo();
            throw Exceptions.failWithRejected();
        }
    }

    void letGo() {
        if (handles.removePublisher()) {
            looksAgain();
        }
    }

    void referenced(OpenHandle handle) {
        handles.add(handle.kind());
    }

    void released(OpenHandle handle) {
        if (handles.remove(handle.kind())) {
            looksAgain();
        }
    }

    /** Has a turn, in which the loop may find that nothing is left. */
    private void looksAgain() {
        if (!inLoop()) {
            onLoop(() -> {});
        }
    }

    /** Called at the end of each turn. */
    void turnEnded() {
        if (!hasNothingLeft() || !close()) {
            return;
        }
        if (program != null) {
            Consumer<EventLoop> hook = spec.beforeExitHook();
            if (hook != null) {
                reopen(); // what the hook posts is taken
                netty.runThenDrain(new Wrapper.Of(hook, () -> hook.accept(this)));
                if (program.isExiting() || !isIdle() || !close()) {
                    return;
                }
            }
            program.finish(netty::drainMicrotasks);
        }
        end();
    }

    /** Takes no more work, unless somebody was faster: then his task runs first. */
    private boolean close() {
        closed = true;
        if (netty.hasPostedTasks() || !handles.isEmpty()) {
            reopen();
            return false;
        }
        return true;
    }

    /** But not after a dispose, which another thread may call meanwhile: it discards, then closes. */
    private void reopen() {
        closed = false;
        if (netty.isDiscarding()) {
            closed = true;
        }
    }

    /** Whether it is to end when nothing is left to do, and nothing is. */
    boolean hasNothingLeft() {
        return (program != null || graceful) && !netty.isDiscarding() && isIdle();
    }

    private boolean isIdle() {
        return handles.isEmpty() && netty.isIdle();
    }

    void uncaught(Throwable error) {
        if (UncaughtErrors.failProgram(this, program, error)) {
            end();
        }
        SchedulerErrorHook.tell(error);
    }

    @Override
    public void exit(int code) {
        if (code < 0 || code > MAX_EXIT_CODE) {
            throw new IllegalArgumentException("code must be from 0 to 255, was " + code);
        }
        if (shared) {
            return;
        }
        if (!inLoop()) {
            netty.discard();
            closed = true;
        }
        onLoop(() -> {
            if (program == null || program.exit(code)) {
                end();
            }
        });
    }

    @SuppressWarnings("FutureReturnValueIgnored") // ended() tells
    private void end() {
        netty.discard();
        closed = true;
        netty.shutdownGracefully(0, 0, TimeUnit.NANOSECONDS);
    }

    @Override
    public void dispose() {
        if (!shared) {
            end();
        }
    }

    @Override
    public Mono<Void> disposeGracefully() {
        return Mono.defer(() -> {
            if (!shared && !graceful) {
                graceful = true;
                onLoop(() -> netty.timers().stopRepeating());
            }
            return shared ? Mono.empty() : onDispose();
        });
    }

    @Override
    public Mono<Void> onDispose() {
        return endedSink.asMono();
    }

    @Override
    public boolean isDisposed() {
        return isDisposing();
    }

    /** Whether it ends, now or as soon as it is idle: nothing that repeats is armed any more. */
    boolean isDisposing() {
        return graceful || netty.isDiscarding();
    }

    boolean isDiscarding() {
        return netty.isDiscarding();
    }

    /** Called as the last thing on the loop's thread. */
    void ended() {
        closed = true;
        netty.discard();
        try {
            adoptions.end(name(), program == null || !program.isExiting());
            netty.clear();
            netty.counters().ended();
            endedSink.tryEmitEmpty();
        } finally {
            endedLatch.countDown();
        }
    }

    @Override
    public String toString() {
        return "EventLoop(" + name() + ")";
    }
}
