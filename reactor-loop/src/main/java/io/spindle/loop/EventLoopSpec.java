// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import java.util.Objects;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * An immutable description of an {@link EventLoop}: its name, its transport and what happens at its end and on errors.
 *
 * <p>Each method returns a new description; {@link #start()} and {@link #run(Consumer)} bring it to life, any number of
 * times.
 *
 * @since 0.1.0
 */
public final class EventLoopSpec {

    private final String name;
    private final boolean nativeTransport;
    private final @Nullable BiConsumer<EventLoop, Throwable> onUncaught;
    private final @Nullable Consumer<EventLoop> beforeExit;
    private final @Nullable IntConsumer onExit;

    private EventLoopSpec(
            String name,
            boolean nativeTransport,
            @Nullable BiConsumer<EventLoop, Throwable> onUncaught,
            @Nullable Consumer<EventLoop> beforeExit,
            @Nullable IntConsumer onExit) {
        this.name = name;
        this.nativeTransport = nativeTransport;
        this.onUncaught = onUncaught;
        this.beforeExit = beforeExit;
        this.onExit = onExit;
    }

    /**
     * Describes a loop with the defaults.
     *
     * @param name the name of the loop and of its thread, not empty
     */
    public static EventLoopSpec of(String name) {
        if (Objects.requireNonNull(name, "name").isEmpty()) {
            throw new IllegalArgumentException("name must not be empty: it is the name of the loop's thread");
        }
        return new EventLoopSpec(name, true, null, null, null);
    }

    /** Returns the name of the loop and of its thread. */
    public String name() {
        return name;
    }

    /**
     * Sets whether the loop polls by the platform's native transport.
     *
     * @param nativeTransport true: epoll where it is available, NIO elsewhere; false: always NIO. Default: true
     */
    public EventLoopSpec nativeTransport(boolean nativeTransport) {
        return new EventLoopSpec(name, nativeTransport, onUncaught, beforeExit, onExit);
    }

    /** Returns whether the loop polls by the platform's native transport where there is one. */
    public boolean nativeTransport() {
        return nativeTransport;
    }

    /**
     * Sets what happens when a callback throws; the loop then goes on. Without it a {@linkplain #run(Consumer) program}
     * ends with the error, and a {@linkplain #start() long-lived loop} logs it and goes on.
     *
     * @param handler called on the loop with the loop and the error; if it throws itself, a program ends with that
     *     error and a long-lived loop logs it. Node analogue: the event {@code uncaughtException}
     */
    public EventLoopSpec onUncaught(BiConsumer<EventLoop, Throwable> handler) {
        return new EventLoopSpec(name, nativeTransport, Objects.requireNonNull(handler, "handler"), beforeExit, onExit);
    }

    /**
     * Sets a hook for the moment in which a program has nothing left to do. It may start more work and is then called
     * again at the next such moment. Not called by {@link EventLoop#exit(int)}, on errors, or for a long-lived loop.
     *
     * @param hook called on the loop. Node analogue: the event {@code beforeExit}
     */
    public EventLoopSpec beforeExit(Consumer<EventLoop> hook) {
        return new EventLoopSpec(name, nativeTransport, onUncaught, Objects.requireNonNull(hook, "hook"), onExit);
    }

    /**
     * Sets a hook for the end of a program, called once with the exit code as the last thing on the loop. Work that it
     * starts never runs, save microtasks at a natural end. Not called for a long-lived loop.
     *
     * @param hook called on the loop with the exit code, 1 after an uncaught error. Node analogue: the event
     *     {@code exit}
     */
    public EventLoopSpec onExit(IntConsumer hook) {
        return new EventLoopSpec(name, nativeTransport, onUncaught, beforeExit, Objects.requireNonNull(hook, "hook"));
    }

    /**
     * Starts a loop that lives until it is disposed.
     *
     * @return a running loop, on a daemon thread of its own; its caller disposes it
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
        return new DefaultEventLoop(this, false).runProgram(program);
    }

    @Nullable
    BiConsumer<EventLoop, Throwable> uncaughtHandler() {
        return onUncaught;
    }

    @Nullable
    Consumer<EventLoop> beforeExitHook() {
        return beforeExit;
    }

    @Nullable
    IntConsumer exitHook() {
        return onExit;
    }
}
