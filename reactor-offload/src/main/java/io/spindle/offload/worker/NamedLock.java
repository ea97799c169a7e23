// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.worker;

import io.spindle.loop.EventLoop;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A lock that everybody in this JVM asks for by its name, and waits for without a thread: what is subscribed while it is
 * held waits in line. It is held from the subscription of a publisher to its end, by whichever thread that comes, so it
 * may be held across calls of a pool, I/O and messages. Node analogue: {@code locks.request} of {@code worker_threads}, the
 * Web Locks of browsers; there a callback that could not have the lock is called with {@code null}, and one that was robbed of
 * it runs on, where here the former is an error and the latter is cancelled.
 *
 * <pre>{@code
 * NamedLock accounts = NamedLock.of("accounts");
 * Mono<Void> booked = accounts.request(read.flatMap(this::change).flatMap(this::write)); // one at a time
 * Mono<Report> report = accounts.shared().request(read.map(Report::of));                 // many, while nobody books
 * }</pre>
 *
 * <p>Requests are served strictly in their order: a shared one that comes after an exclusive one waits for it, even if
 * the lock is held by shared ones. It is not re-entrant: who holds it and asks for it again, exclusively, waits for ever,
 * or {@link #maxWait(Duration) for so long}.
 *
 * <p>Immutable and thread-safe: each method returns a new description. Two of the same name are the same lock.
 *
 * @since 0.1.0
 */
public final class NamedLock {

    /** How a lock is held. */
    public enum Mode {
        /** By one alone. */
        EXCLUSIVE,
        /** By any number of the same mode. */
        SHARED
    }

    /**
     * A request that holds its lock or waits for it.
     *
     * @param name of the lock
     * @param mode it asked for
     * @param held false while it waits
     */
    public record Request(String name, Mode mode, boolean held) {}

    private enum Urgency {
        WAIT,
        IF_AVAILABLE,
        STEAL
    }

    private final String name;
    private final Mode mode;
    private final Urgency urgency;
    private final Duration maxWait;

    private NamedLock(String name, Mode mode, Urgency urgency, Duration maxWait) {
        this.name = name;
        this.mode = mode;
        this.urgency = urgency;
        this.maxWait = maxWait;
    }

    /**
     * Describes an exclusive request that waits for as long as it takes.
     *
     * @param name the same for all who are to exclude each other
     */
    public static NamedLock of(String name) {
        return new NamedLock(Objects.requireNonNull(name, "name"), Mode.EXCLUSIVE, Urgency.WAIT, Duration.ZERO);
    }

    /** Returns the name. */
    public String name() {
        return name;
    }

    /** Returns how it is asked for. */
    public Mode mode() {
        return mode;
    }

    /**
     * Returns a request that shares the lock with others of its kind, as readers do.
     *
     * @throws IllegalStateException if it is to {@linkplain #steal() steal}, which is exclusive
     */
    public NamedLock shared() {
        if (urgency == Urgency.STEAL) {
            throw new IllegalStateException(this + " steals: it cannot be shared");
        }
        return new NamedLock(name, Mode.SHARED, urgency, maxWait);
    }

    /**
     * Returns a request that fails with {@link LockException.Reason#BUSY} where it would have to wait. It takes the place
     * of {@link #steal()} and of {@link #maxWait(Duration)}.
     */
    public NamedLock ifAvailable() {
        return new NamedLock(name, mode, Urgency.IF_AVAILABLE, Duration.ZERO);
    }

    /**
     * Returns a request that waits for a limited time, then fails with {@link LockException.Reason#TIMEOUT}; what it was
     * to run is not limited. It takes the place of {@link #ifAvailable()} and of {@link #steal()}.
     *
     * @param maxWait more than 0
     */
    public NamedLock maxWait(Duration maxWait) {
        if (maxWait.isNegative() || maxWait.isZero()) {
            throw new IllegalArgumentException(
                    "maxWait must be more than 0 but was " + maxWait + "; a request that never waits is ifAvailable()");
        }
        return new NamedLock(name, mode, Urgency.WAIT, maxWait);
    }

    /**
     * Returns a request that does not wait: those who hold the lock are cancelled and fail with
     * {@link LockException.Reason#STOLEN}, those who wait go on waiting. It takes the place of {@link #ifAvailable()} and of
     * {@link #maxWait(Duration)}.
     *
     * @throws IllegalStateException if it is {@linkplain #shared() shared}
     */
    public NamedLock steal() {
        if (mode == Mode.SHARED) {
            throw new IllegalStateException(this + " is shared: it cannot steal");
        }
        return new NamedLock(name, mode, Urgency.STEAL, Duration.ZERO);
    }

    /**
     * Runs something while the lock is held: it is subscribed when the lock is granted, and the lock is released before its
     * value, its end or its error is passed on. What blocks belongs on a pool: {@code lock.request(pool.call(...))}.
     * <ul>
     *   <li><b>Signals on</b> the event loop it was subscribed on, which it keeps alive from then on, waiting or running;
     *       there it is subscribed too. Elsewhere it is subscribed by the subscriber's thread if the lock is free and on
     *       {@code Schedulers.parallel()} if it had to wait, and signals where it signals.
     *   <li><b>Cancel</b> leaves the line, or cancels what runs, then releases the lock. So does the end of the loop, such as
     *       that of a {@link Worker}. Code that ignores a cancel, such as a call that computes, then runs on beside the next
     *       holder, as it does beside a thief.
     *   <li><b>Errors</b> with those of what is run; with a {@link LockException} if the lock was stolen before that had ended,
     *       or was not to be had in the way that was asked for.
     * </ul>
     *
     * @param guarded what is to run, once for each grant
     * @return a cold {@code Mono}: each subscription is a request of its own
     */
    public <T> Mono<T> request(Mono<T> guarded) {
        Objects.requireNonNull(guarded, "guarded");
        return EventLoop.onCurrent(Mono.defer(() -> {
            LockRequest request = newRequest();
            return request.orRelease(request.granted()
                    .then(Mono.<T>defer(request::failIfStolen))
                    .switchIfEmpty(guarded)
                    .takeUntilOther(request.stolen())
                    .<T>handle(request::ended)
                    .switchIfEmpty(Mono.defer(request::failIfStolen))
                    .doOnTerminate(request::release)
                    .doFinally(end -> request.release()));
        }));
    }

    /**
     * The same as {@link #request(Mono)} for a {@code Flux}: the lock is held until it ends.
     *
     * @param guarded what is to run, once for each grant
     * @return a cold {@code Flux}: each subscription is a request of its own
     */
    public <T> Flux<T> request(Flux<T> guarded) {
        Objects.requireNonNull(guarded, "guarded");
        return EventLoop.onCurrent(Flux.defer(() -> {
            LockRequest request = newRequest();
            return request.orRelease(request.granted()
                    .then(Mono.<T>defer(request::failIfStolen))
                    .concatWith(guarded)
                    .takeUntilOther(request.stolen())
                    .concatWith(Mono.defer(request::failIfStolen))
                    .doOnTerminate(request::release)
                    .doFinally(end -> request.release()));
        }));
    }

    private LockRequest newRequest() {
        return new LockRequest(name, mode, urgency == Urgency.IF_AVAILABLE, urgency == Urgency.STEAL, maxWait);
    }

    /**
     * Returns what holds a lock and what waits for one, by name, holders first, then those who wait in their order. Node
     * analogue: {@code locks.query}.
     *
     * @return a snapshot; each name is seen at one moment
     */
    public static List<Request> query() {
        return LockRequest.all();
    }

    @Override
    public String toString() {
        return "NamedLock(" + name + ", " + mode + ")";
    }
}
