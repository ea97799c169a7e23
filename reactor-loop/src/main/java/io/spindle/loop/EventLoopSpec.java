// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import java.time.Duration;
import java.util.Objects;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * An immutable description of an {@link EventLoop}: its name, its transport, how it is watched, and what happens at
 * its end and on errors.
 *
 * <p>Each method returns a new description; {@link #start()} and {@link #run(Consumer)} bring it to life, any number of
 * times.
 *
 * @since 0.1.0
 */
public final class EventLoopSpec {

    private static final Duration DEFAULT_BLOCKED_THRESHOLD = Duration.ofMillis(100);
    private static final Duration DEFAULT_BLOCKED_INTERVAL = Duration.ofSeconds(1);
    private static final Duration DEFAULT_SPIN = Duration.ofNanos(50_000);

    private final Options options;

    /** Everything but the behaviour: changed on a copy, never after. */
    private static final class Options {

        private String name;
        private boolean daemon = true;
        private boolean nativeTransport = true;
        private Duration spin = DEFAULT_SPIN;
        private Duration blockedThreshold = DEFAULT_BLOCKED_THRESHOLD;
        private Duration blockedInterval = DEFAULT_BLOCKED_INTERVAL;
        private boolean callbackTiming;
        private @Nullable Consumer<BlockedLoop> onBlocked;
        private @Nullable BiConsumer<EventLoop, Throwable> onUncaught;
        private @Nullable Consumer<EventLoop> beforeExit;
        private @Nullable IntConsumer onExit;

        private Options(String name) {
            this.name = name;
        }

        private Options(Options from) {
            name = from.name;
            daemon = from.daemon;
            nativeTransport = from.nativeTransport;
            spin = from.spin;
            blockedThreshold = from.blockedThreshold;
            blockedInterval = from.blockedInterval;
            callbackTiming = from.callbackTiming;
            onBlocked = from.onBlocked;
            onUncaught = from.onUncaught;
            beforeExit = from.beforeExit;
            onExit = from.onExit;
        }
    }

    private EventLoopSpec(Options options) {
        this.options = options;
    }

    private EventLoopSpec with(Consumer<Options> change) {
        Options changed = new Options(options);
        change.accept(changed);
        return new EventLoopSpec(changed);
    }

    /**
     * Describes a loop with the defaults.
     *
     * @param name the name of the loop and of its thread, not empty
     */
    public static EventLoopSpec of(String name) {
        return new EventLoopSpec(new Options(checkName(name)));
    }

    private static String checkName(String name) {
        if (Objects.requireNonNull(name, "name").isEmpty()) {
            throw new IllegalArgumentException("name must not be empty: it is the name of the loop's thread");
        }
        return name;
    }

    private static Duration checkNotNegative(Duration duration, String name) {
        if (Objects.requireNonNull(duration, name).isNegative()) {
            throw new IllegalArgumentException(name + " must not be negative, was " + duration);
        }
        return duration;
    }

    /**
     * Sets the name.
     *
     * @param name the name of the loop and of its thread, not empty
     */
    public EventLoopSpec name(String name) {
        String checked = checkName(name);
        return with(changed -> changed.name = checked);
    }

    /** Returns the name of the loop and of its thread. */
    public String name() {
        return options.name;
    }

    /**
     * Sets whether the loop's thread is a daemon.
     *
     * @param daemon false: the JVM does not end by itself before the loop has. Default: true
     */
    public EventLoopSpec daemon(boolean daemon) {
        return with(changed -> changed.daemon = daemon);
    }

    /** Returns whether the loop's thread is a daemon. */
    public boolean daemon() {
        return options.daemon;
    }

    /**
     * Sets whether the loop polls by the platform's native transport.
     *
     * @param nativeTransport true: epoll where it is available, NIO elsewhere; false: always NIO. io_uring is not
     *     offered. Default: true
     */
    public EventLoopSpec nativeTransport(boolean nativeTransport) {
        return with(changed -> changed.nativeTransport = nativeTransport);
    }

    /** Returns whether the loop polls by the platform's native transport where there is one. */
    public boolean nativeTransport() {
        return options.nativeTransport;
    }

    /**
     * Sets for how long at most the loop looks for new tasks before it sleeps. Waking a sleeping thread costs the one
     * who posts some microseconds, and the task 5 to 50. The loop looks only while that pays: after sleeps that were
     * short and ended by a task, and ever more rarely when it looks in vain. It never does with a single processor.
     * More than the default is worth it with processors to spare only; and while it looks, I/O and Netty's own timers
     * wait, for as long as this at most.
     *
     * @param spin not negative; zero: sleep at once. Default: 50 microseconds
     */
    public EventLoopSpec spin(Duration spin) {
        Duration checked = checkNotNegative(spin, "spin");
        return with(changed -> changed.spin = checked);
    }

    /** Returns for how long at most the loop looks for new tasks before it sleeps. */
    public Duration spin() {
        return options.spin;
    }

    /**
     * Sets for how long one callback may hold the loop before the watchdog reports it: while it still runs, with its
     * stack, again in each {@link #blockedInterval(Duration)}, and once when it is over. The loop pays nothing for it. An
     * endless chain of ticks or microtasks starves the loop too, but is many short callbacks: it is not reported.
     *
     * @param threshold not negative; at least 10 ms is useful; zero: do not watch. Default: 100 ms
     */
    public EventLoopSpec blockedThreshold(Duration threshold) {
        Duration checked = checkNotNegative(threshold, "threshold");
        return with(changed -> changed.blockedThreshold = checked);
    }

    /** Returns for how long one callback may hold the loop before it is reported; zero: never reported. */
    public Duration blockedThreshold() {
        return options.blockedThreshold;
    }

    /**
     * Sets after how long a callback that has been reported and still holds the loop is reported again.
     *
     * @param interval positive; at least 10 ms is useful. Default: 1 s
     */
    public EventLoopSpec blockedInterval(Duration interval) {
        if (Objects.requireNonNull(interval, "interval").isZero() || interval.isNegative()) {
            throw new IllegalArgumentException("interval must be positive, was " + interval);
        }
        return with(changed -> changed.blockedInterval = interval);
    }

    /** Returns after how long a callback that still holds the loop is reported again. */
    public Duration blockedInterval() {
        return options.blockedInterval;
    }

    /**
     * Sets who is told when one callback holds the loop for too long. Each report is also a flight recorder event,
     * {@code io.spindle.LoopBlocked}.
     *
     * @param listener called on the watchdog's thread; must not block for long. Default: a log entry with the stack, at
     *     WARN, or at DEBUG when the machine gave the loop no processor, when the loop was loading classes, or
     *     computed for less than a second in the first ten of the JVM
     */
    public EventLoopSpec onBlocked(Consumer<BlockedLoop> listener) {
        Objects.requireNonNull(listener, "listener");
        return with(changed -> changed.onBlocked = listener);
    }

    /**
     * Sets whether each callback is timed, for {@link LoopMetrics#slowest()}. A diagnosis: it reads the clock twice a
     * callback, some 50 ns.
     *
     * @param timing default: false
     */
    public EventLoopSpec callbackTiming(boolean timing) {
        return with(changed -> changed.callbackTiming = timing);
    }

    /** Returns whether each callback is timed. */
    public boolean callbackTiming() {
        return options.callbackTiming;
    }

    /**
     * Sets what happens when a callback throws; the loop then goes on. Without it a {@linkplain #run(Consumer) program}
     * ends with the error, and a {@linkplain #start() long-lived loop} logs it and goes on.
     *
     * @param handler called on the loop with the loop and the error; if it throws itself, a program ends with that
     *     error and a long-lived loop logs it. Node analogue: the event {@code uncaughtException}
     */
    public EventLoopSpec onUncaught(BiConsumer<EventLoop, Throwable> handler) {
        Objects.requireNonNull(handler, "handler");
        return with(changed -> changed.onUncaught = handler);
    }

    /**
     * Sets a hook for the moment in which a program has nothing left to do. It may start more work and is then called
     * again at the next such moment. Not called by {@link EventLoop#exit(int)}, on errors, or for a long-lived loop.
     *
     * @param hook called on the loop. Node analogue: the event {@code beforeExit}
     */
    public EventLoopSpec beforeExit(Consumer<EventLoop> hook) {
        Objects.requireNonNull(hook, "hook");
        return with(changed -> changed.beforeExit = hook);
    }

    /**
     * Sets a hook for the end of a program, called once with the exit code: when nothing is left to do, in the call of
     * {@link EventLoop#exit(int)} or after an uncaught error; not if the loop is disposed instead, nor if a handler of
     * uncaught errors throws. {@link EventLoop#exit(int)} in it changes the code; what it throws ends the program. Work
     * that it starts is taken and never runs, save microtasks at a natural end. Not called for a long-lived loop.
     *
     * @param hook called on the loop with the exit code, 1 after an uncaught error. Node analogue: the event
     *     {@code exit}
     */
    public EventLoopSpec onExit(IntConsumer hook) {
        Objects.requireNonNull(hook, "hook");
        return with(changed -> changed.onExit = hook);
    }

    /**
     * Starts a loop that lives until it is disposed.
     *
     * @return a running loop, on a thread of its own, see {@link #daemon(boolean)}; its caller disposes it
     */
    public EventLoop start() {
        return new DefaultEventLoop(this, false).launch();
    }

    /**
     * Runs a program on a loop of this description and returns when nothing is left to do, see
     * {@link EventLoop#run(Consumer)}.
     *
     * @param program called once, on the loop
     * @return the exit code: 0, or what {@link EventLoop#exit(int)} was given
     * @throws IllegalStateException if the calling thread must not block, or is interrupted while it waits
     */
    public int run(Consumer<? super EventLoop> program) {
        Objects.requireNonNull(program, "program");
        Program.refuseToBlock();
        return new DefaultEventLoop(this, false).runProgram(program);
    }

    /**
     * The same as {@link #run(Consumer)} without blocking.
     * <ul>
     *   <li><b>Signals on</b> the program's loop, as its last act.
     *   <li><b>Cancel</b> disposes the loop, see {@link EventLoop#dispose()}.
     *   <li><b>Errors</b> with what a callback threw, when nothing handles it.
     * </ul>
     *
     * @param program called once for each subscription, on a loop of its own
     * @return a cold {@code Mono} of the exit code, never empty
     */
    public Mono<Integer> start(Consumer<? super EventLoop> program) {
        Objects.requireNonNull(program, "program");
        return Mono.defer(() -> new DefaultEventLoop(this, false).program(program));
    }

    @Nullable
    Consumer<BlockedLoop> blockedListener() {
        return options.onBlocked;
    }

    @Nullable
    BiConsumer<EventLoop, Throwable> uncaughtHandler() {
        return options.onUncaught;
    }

    @Nullable
    Consumer<EventLoop> beforeExitHook() {
        return options.beforeExit;
    }

    @Nullable
    IntConsumer exitHook() {
        return options.onExit;
    }
}
