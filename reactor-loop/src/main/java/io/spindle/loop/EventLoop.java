// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import io.netty.channel.Channel;
import io.netty.channel.IoEventLoop;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.netty.resources.LoopResources;

/**
 * One thread that runs tasks, timers and network I/O to completion, one after the other, in Node's order.
 *
 * <p>Each turn goes through these phases, and after every single callback the tick queue and then the microtask queue
 * are emptied (after a timer that threw only behind the next one, as in Node):
 * <pre>
 *   posted tasks    tasks of the Scheduler, results that come home, tasks of Netty (a bounded batch)
 *   poll            network I/O; blocks only when nothing else is to be done
 *   check           the immediates queued before this phase
 *   close           the close callbacks of handles that were disposed
 *   tail            Netty's tasks for the end of a turn
 *   timers          those that are due, list by list; then Netty's own
 * </pre>
 * Due timers also run before the first turn. That is the order of libuv since 1.45 and Node 20.
 *
 * <p>A loop is a Reactor {@link Scheduler}: {@code publishOn(loop)}, {@code Mono.delay(d, loop)} and the like work,
 * its thread is {@link reactor.core.scheduler.NonBlocking}, and a {@link Scheduler.Worker} keeps the order of its
 * tasks. It is also a Netty event loop: {@code HttpServer.create().runOn(loop.resources())} serves on this thread.
 *
 * <p>Thread-safe: every method may be called from any thread. Off the loop, a tick, microtask, immediate or timer is
 * first posted to the loop's thread.
 *
 * @since 0.1.0
 */
public interface EventLoop extends Scheduler {

    /**
     * Runs a program on a loop of its own and returns when nothing is left to do: no referenced timer, immediate or
     * {@link Handle}, no adopted publisher in flight, no open channel and no task. This is {@code node script.js}.
     * The same as {@code EventLoopSpec.of("main").run(program)}.
     *
     * @param program called once, on the loop
     * @return the exit code: 0, or what {@link #exit(int)} was given
     * @throws RuntimeException or Error: what a callback threw, when nothing handles it (Node's uncaughtException);
     *     the pending work is discarded
     * @throws IllegalStateException if the calling thread must not block: on a loop or any other
     *     {@link reactor.core.scheduler.NonBlocking} thread, or when it is interrupted while it waits
     */
    static int run(Consumer<? super EventLoop> program) {
        return EventLoopSpec.of("main").run(program);
    }

    /**
     * Starts a loop that lives until it is disposed, on a daemon thread. The same as
     * {@code EventLoopSpec.of(name).start()}.
     *
     * @param name the name of its thread, not empty
     * @return a running loop; its caller disposes it
     */
    static EventLoop create(String name) {
        return EventLoopSpec.of(name).start();
    }

    /**
     * Returns the loop that everybody in this JVM shares, started at the first call. It lives as long as the JVM:
     * disposing it or its {@link #exit(int)} does nothing.
     */
    static EventLoop shared() {
        return SharedEventLoop.get();
    }

    /**
     * Returns a factory that puts event loops behind Reactor's {@code Schedulers.newSingle} and, through it,
     * {@code Schedulers.single()}; everything else stays Reactor's. Of a thread factory the name and the daemon flag of
     * its threads are taken. To install it, before the first use:
     * {@code Schedulers.setFactory(EventLoop.schedulersFactory())}.
     */
    static Schedulers.Factory schedulersFactory() {
        return new LoopSchedulersFactory();
    }

    /** Returns the loop whose thread this is, or null off a loop. */
    static @Nullable EventLoop current() {
        return Thread.currentThread() instanceof LoopThread thread ? thread.eventLoop() : null;
    }

    /**
     * Brings results home: a subscription made on a loop {@linkplain #adopt(Mono) is adopted} by that loop, any other
     * passes through untouched. Adapters wrap what they return in this, so that work started on a loop signals there.
     *
     * @param source the work, wherever it runs
     * @return a {@code Mono} that decides at each subscription
     */
    static <T> Mono<T> onCurrent(Mono<T> source) {
        return Adoption.onCurrent(source);
    }

    /**
     * The same as {@link #onCurrent(Mono)} for a {@code Flux}.
     *
     * @param source the work, wherever it runs
     * @return a {@code Flux} that decides at each subscription
     */
    static <T> Flux<T> onCurrent(Flux<T> source) {
        return Adoption.onCurrent(source);
    }

    /** Returns the name given at its creation, which is also the name of its thread. */
    String name();

    /** Returns whether the calling thread is this loop's. */
    boolean inLoop();

    /**
     * Runs {@code task} as soon as the present callback has ended, before any other callback and before the
     * microtasks; if a microtask queued it, after all microtasks. Ticks run in the order they were queued and may queue more, which run too before anything else: an
     * endless chain starves the loop. Node analogue: {@code process.nextTick}.
     *
     * @param task runs once on the loop
     * @throws java.util.concurrent.RejectedExecutionException if the loop has ended or ends, see {@link #dispose()} and
     *     {@link #disposeGracefully()}
     */
    void nextTick(Runnable task);

    /**
     * Runs {@code task} after the present callback, when the tick queue is empty. Node analogue:
     * {@code queueMicrotask}.
     *
     * @param task runs once on the loop
     * @throws java.util.concurrent.RejectedExecutionException if the loop has ended or ends, see {@link #dispose()} and
     *     {@link #disposeGracefully()}
     */
    void queueMicrotask(Runnable task);

    /**
     * Runs {@code task} in the check phase, after the I/O of this turn. An immediate queued by an immediate waits for
     * the next turn. Node analogue: {@code setImmediate}.
     *
     * @param task runs once on the loop
     * @return a handle; {@link Handle#dispose()} is Node's {@code clearImmediate}
     * @throws java.util.concurrent.RejectedExecutionException if the loop has ended or ends, see {@link #dispose()} and
     *     {@link #disposeGracefully()}
     */
    Handle setImmediate(Runnable task);

    /**
     * Runs {@code task} once, not earlier than {@code delay} from now. Timers of equal delay run in the order they
     * were set. Node analogue: {@code setTimeout}.
     *
     * @param delay in whole milliseconds, fractions are cut off as in Node; less than one (also zero and negative) is
     *     1 ms; anything above 146 years is that. Unlike Node, a long delay never turns into 1 ms. For delays finer
     *     than a millisecond use {@link #schedule(Runnable, long, java.util.concurrent.TimeUnit)}.
     * @param task runs on the loop
     * @return the timer
     * @throws java.util.concurrent.RejectedExecutionException if the loop has ended or ends, see {@link #dispose()} and
     *     {@link #disposeGracefully()}
     */
    Timeout setTimeout(Duration delay, Runnable task);

    /**
     * Runs {@code task} again and again, each time at least {@code period} after the start of the run before. Missed
     * periods are not made up for. Node analogue: {@code setInterval}.
     *
     * @param period as the delay of {@link #setTimeout(Duration, Runnable)}
     * @param task runs on the loop; one that throws is reported and stays armed
     * @return the timer; it never ends by itself
     * @throws java.util.concurrent.RejectedExecutionException if the loop has ended or ends, see {@link #dispose()} and
     *     {@link #disposeGracefully()}
     */
    Timeout setInterval(Duration period, Runnable task);

    /**
     * Opens a handle that keeps this loop alive until it is disposed, for work that the loop cannot see by itself.
     * Close it on the loop, after the last signal: a loop that is alive only for this handle may end at once. The end of
     * the loop leaves it open: whoever opened it still closes it.
     *
     * @param kind what it stands for, such as {@code "ChildProcess"}; shown in diagnostics
     * @return an open, referenced handle
     * @throws java.util.concurrent.RejectedExecutionException if the loop has ended or ends, see {@link #dispose()} and
     *     {@link #disposeGracefully()}
     */
    Handle open(String kind);

    /**
     * The same as {@link #open(String)} with a callback for the close phase: it runs once, after the immediates of the
     * turn in which the handle was disposed, and the loop stays alive until it has run. It is dropped, as every callback is, by
     * {@link #dispose()}, {@link #exit(int)} and an error of a program that nothing handles, and if an unreferenced handle is
     * disposed when nothing else keeps the loop alive. libuv analogue: {@code uv_close}.
     *
     * @param kind what it stands for
     * @param onClose runs on the loop, once, after the handle was disposed
     * @return an open, referenced handle
     * @throws java.util.concurrent.RejectedExecutionException if the loop has ended or ends, see {@link #dispose()} and
     *     {@link #disposeGracefully()}
     */
    Handle open(String kind, Runnable onClose);

    /**
     * Returns a channel of this loop as a handle, the same one each time. A channel keeps its loop alive while it is
     * open, be it idle or not; {@link Handle#unref()} lets the loop end, which then closes the channel. To dispose the
     * handle is to close the channel. Of what Reactor Netty gives it is
     * {@code loop.handle(connection.channel())}; Node unreferences the idle connections of its HTTP agent by itself,
     * here a client may do so in {@code doOnRequest} and {@code doAfterResponseSuccess}. Node analogue:
     * {@code socket.ref()} and {@code socket.unref()}, and those of servers.
     *
     * @param channel a socket, listening or connected, that is registered with this loop or closed
     * @return its handle; never keeps the loop alive once the channel is closed
     * @throws IllegalArgumentException if the channel is registered elsewhere or nowhere, or is no socket, such as a
     *     stream within a connection of HTTP/2
     */
    Handle handle(Channel channel);

    /**
     * Adopts {@code source}: from subscription to its end or cancellation it keeps this loop alive, and its signals
     * arrive on this loop, in posted tasks. The subscription itself happens on the calling thread; the Reactor
     * {@code Context} is untouched. Cancel goes to the source at once. What has come when the loop is {@linkplain #dispose()
     * disposed} is discarded. {@link LoopMetrics#resources()} calls it by its {@link Mono#name(String) name}, if it has one.
     *
     * @param source the work, wherever it runs
     * @return a {@code Mono} that signals on this loop
     */
    <T> Mono<T> adopt(Mono<T> source);

    /**
     * The same as {@link #adopt(Mono)} for a {@code Flux}; demand is passed on in batches, as by
     * {@link Flux#publishOn(Scheduler)}. Values that come together arrive in one task, without ticks between them; after 64
     * values and a millisecond the rest is posted again, behind what others have posted.
     *
     * @param source the work, wherever it runs
     * @return a {@code Flux} that signals on this loop
     */
    <T> Flux<T> adopt(Flux<T> source);

    /**
     * The same as {@link #adopt(Flux)} with a bound for what is requested ahead.
     *
     * @param source the work, wherever it runs
     * @param prefetch how many elements are requested before they are asked for, at least 1; small for big elements
     * @return a {@code Flux} that signals on this loop
     */
    <T> Flux<T> adopt(Flux<T> source, int prefetch);

    /**
     * Returns this loop as Reactor Netty's resources: servers accept and serve, clients connect and talk, on this
     * thread. Disposing the returned resources does nothing; an open channel keeps the loop alive.
     */
    LoopResources resources();

    /**
     * Returns the Netty event loop that this loop is made of, for registering channels and I/O handles. What a handle is
     * interested in, and that it is no more, is to be said on this loop: said elsewhere it may be seen only when the loop
     * wakes up.
     */
    IoEventLoop netty();

    /** Returns what this loop has done and has to do, at this moment. May be called from any thread, at any time. */
    LoopMetrics metrics();

    /**
     * Returns the time as every {@code Scheduler} of Reactor does: the wall clock in milliseconds and coarser units, for
     * stamps; {@link System#nanoTime()} in finer ones, for durations. What waits on this loop goes by the latter, so
     * a wall clock that is set neither fires nor delays a timer. Virtual time ({@code StepVerifier.withVirtualTime})
     * replaces {@code Schedulers.single()}, also when a loop is behind it, but not a loop that is named.
     *
     * @param unit of the result
     */
    @Override
    default long now(TimeUnit unit) {
        return Scheduler.super.now(unit);
    }

    /**
     * Ends the loop now: what is running finishes, everything else is discarded. A call to
     * {@link #run(Consumer)} returns {@code code}; elsewhere this is {@link #dispose()}. The first call wins. On the
     * loop the exit hook runs within this call, and the callback that called it goes on afterwards; Node, whose
     * {@code process.exit(code)} this is, does not come back from it.
     *
     * @param code the exit code, 0 to 255
     */
    void exit(int code);

    /**
     * Ends the loop now. The callback that is running finishes; queued tasks, ticks, timers, immediates and close
     * callbacks are discarded, and the handles of tasks, timers and immediates read as disposed; open channels are closed.
     * Adopted publishers are cancelled, and their subscribers are told
     * {@link java.util.concurrent.RejectedExecutionException} on the loop as the last thing there, or by the thread of a
     * publisher that signals in that very moment; not those of a program that
     * {@linkplain #exit(int) exits}, after which nothing runs. How much was discarded is logged at DEBUG. Idempotent, does not
     * wait: see {@link #onDispose()}.
     */
    @Override
    void dispose();

    /**
     * Ends the loop when nothing is left to do: timers, adopted publishers, channels and what they start may finish.
     * Combine with {@code timeout} and {@link #dispose()} for a limit. From the subscription on,
     * <ul>
     *   <li>from other threads ticks, microtasks, immediates, timers, handles, tasks and the tasks of new workers are
     *       rejected with {@link java.util.concurrent.RejectedExecutionException};
     *   <li>callbacks of the loop, and workers made before, may go on starting work until nothing is left;
     *   <li>intervals and periodic tasks stop, and new ones are rejected everywhere.
     * </ul>
     * When it has ended, everything is rejected. Nothing that was accepted is dropped, save what repeats and what was
     * {@linkplain Handle#unref() unreferenced}, which no end waits for.
     *
     * @return completes as {@link #onDispose()} does; cancel stops the waiting, not the ending
     */
    @Override
    Mono<Void> disposeGracefully();

    /**
     * Completes when the loop has ended and its thread is about to stop.
     *
     * @return a {@code Mono} that may be subscribed to at any time, signalled by the loop's thread as its last act, or
     *     by the subscriber's if the loop has ended
     */
    Mono<Void> onDispose();

    /** Returns whether the loop has ended or is ending. */
    @Override
    boolean isDisposed();
}
