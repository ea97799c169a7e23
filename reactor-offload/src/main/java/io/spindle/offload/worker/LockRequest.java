// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.worker;

import io.spindle.loop.EventLoop;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.Exceptions;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxOperator;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoOperator;
import reactor.core.publisher.Sinks;
import reactor.core.publisher.SynchronousSink;
import reactor.core.scheduler.Schedulers;

/**
 * A request for a lock, from its subscription to its release. The line of a name is changed only within the map's own
 * operations, nobody is told anything within them; who waited is told by a task of its own, so a chain of releases is no
 * recursion.
 */
final class LockRequest {

    /** Who holds a lock and who waits for it; there is no line without either. */
    private static final class Line {

        final Set<LockRequest> holders = new LinkedHashSet<>();
        final Set<LockRequest> waiting = new LinkedHashSet<>();

        boolean isFreeFor(LockRequest request) {
            return holders.isEmpty()
                    || (request.mode == NamedLock.Mode.SHARED
                            && holders.iterator().next().mode == NamedLock.Mode.SHARED);
        }

        /** Lets in those at the head who may enter. */
        List<LockRequest> advance() {
            List<LockRequest> entered = new ArrayList<>();
            for (Iterator<LockRequest> each = waiting.iterator(); each.hasNext(); ) {
                LockRequest next = each.next();
                if (!isFreeFor(next)) {
                    break;
                }
                each.remove();
                holders.add(next);
                entered.add(next);
            }
            return entered;
        }
    }

    private static final ConcurrentHashMap<String, Line> LINES = new ConcurrentHashMap<>();

    private final String name;
    private final NamedLock.Mode mode;
    private final boolean ifAvailable;
    private final boolean steals;
    private final Duration maxWait;
    private final @Nullable EventLoop loop;
    private final Sinks.Empty<Void> granted = Sinks.empty();
    private final Sinks.Empty<Void> stolen = Sinks.empty();
    private volatile boolean isStolen;

    /** Released, maybe before it stood in line: a cancel may come while it is subscribed. Only within the map's operations. */
    private boolean isOver;

    /** Made by the thread that subscribes. */
    LockRequest(String name, NamedLock.Mode mode, boolean ifAvailable, boolean steals, Duration maxWait) {
        this.name = name;
        this.mode = mode;
        this.ifAvailable = ifAvailable;
        this.steals = steals;
        this.maxWait = maxWait;
        this.loop = EventLoop.current();
    }

    /** Stands in line, and completes when it is this request's turn; or fails, and then is in the line no more. */
    Mono<Void> granted() {
        return Mono.defer(() -> {
            if (enter()) {
                return Mono.empty();
            }
            if (ifAvailable) {
                return Mono.error(new LockException(LockException.Reason.BUSY, "lock " + name + " is held"));
            }
            return maxWait.isZero()
                    ? granted.asMono()
                    : granted.asMono()
                            .timeout(
                                    maxWait,
                                    Mono.error(this::waitedTooLong),
                                    loop == null ? Schedulers.parallel() : loop);
        });
    }

    private LockException waitedTooLong() {
        return new LockException(LockException.Reason.TIMEOUT, "lock " + name + " was not granted within " + maxWait);
    }

    /** Completes if another steals the lock, so that what runs is cancelled: {@code takeUntilOther} leaves it be on an error. */
    Mono<Void> stolen() {
        return stolen.asMono();
    }

    /** Fails if the lock was stolen, before what is to run was subscribed or before it completed; else empty. */
    <T> Mono<T> failIfStolen() {
        return isStolen ? Mono.error(theft()) : Mono.empty();
    }

    /** The value of what ran, unless the lock was stolen meanwhile. */
    <T> void ended(T value, SynchronousSink<T> result) {
        if (isStolen) {
            result.error(theft());
        } else {
            result.next(value);
        }
    }

    private LockException theft() {
        return new LockException(LockException.Reason.STOLEN, "lock " + name + " was stolen");
    }

    /** What is fatal to Reactor passes through its operators, and would leave the lock held. */
    <T> Mono<T> orRelease(Mono<T> source) {
        return new MonoOperator<T, T>(source) {
            @Override
            public void subscribe(CoreSubscriber<? super T> actual) {
                orRelease(() -> source.subscribe(actual));
            }
        };
    }

    /** The same. */
    <T> Flux<T> orRelease(Flux<T> source) {
        return new FluxOperator<T, T>(source) {
            @Override
            public void subscribe(CoreSubscriber<? super T> actual) {
                orRelease(() -> source.subscribe(actual));
            }
        };
    }

    private void orRelease(Runnable step) {
        try {
            step.run();
        } catch (Throwable fatal) {
            release();
            throw fatal;
        }
    }

    private boolean enter() {
        List<LockRequest> robbed = new ArrayList<>();
        boolean[] entered = {false};
        LINES.compute(name, (key, present) -> {
            if (isOver) {
                return present;
            }
            Line line = present == null ? new Line() : present;
            if (steals) {
                line.holders.forEach(holder -> holder.isStolen = true);
                robbed.addAll(line.holders);
                line.holders.clear();
            }
            if (steals || (line.waiting.isEmpty() && line.isFreeFor(this))) {
                line.holders.add(this);
                entered[0] = true;
            } else if (!ifAvailable) {
                line.waiting.add(this);
            }
            return line;
        });
        for (LockRequest each : robbed) {
            each.tell(each.stolen::tryEmitEmpty);
        }
        return entered[0];
    }

    /** Gives the lock back, or leaves the line, or never enters it; does nothing the next time. */
    void release() {
        Deque<LockRequest> leaving = new ArrayDeque<>(List.of(this));
        List<LockRequest> nowhere = new ArrayList<>();
        for (LockRequest one = leaving.poll(); one != null; one = leaving.poll()) {
            for (LockRequest next : one.leave()) {
                if (!next.tell(next.granted::tryEmitEmpty)) {
                    leaving.add(next);
                    nowhere.add(next);
                }
            }
        }
        for (LockRequest each : nowhere) { // when all have left, so that nobody does so in the middle of this
            if (each.loop == null) {
                each.granted.tryEmitError(Exceptions.failWithRejected());
            }
        }
    }

    /** Returns those who may enter for it. */
    private List<LockRequest> leave() {
        List<LockRequest> entered = new ArrayList<>();
        LINES.compute(name, (key, line) -> {
            isOver = true;
            if (line == null) {
                return null;
            }
            if (line.holders.remove(this) || line.waiting.remove(this)) {
                entered.addAll(line.advance());
            }
            return line.holders.isEmpty() ? null : line;
        });
        return entered;
    }

    /** Tells whoever asked, where he asked, unless that has ended. A loop's own end tells and releases what waits there. */
    private boolean tell(Runnable news) {
        try {
            if (loop == null) {
                Schedulers.parallel().schedule(() -> orRelease(news));
            } else {
                loop.netty().execute(() -> {
                    if (!loop.netty().isShuttingDown()) {
                        orRelease(news);
                    }
                });
            }
            return true;
        } catch (RejectedExecutionException ended) {
            return false;
        }
    }

    static List<NamedLock.Request> all() {
        List<NamedLock.Request> all = new ArrayList<>();
        for (String name : LINES.keySet().stream().sorted().toList()) {
            LINES.computeIfPresent(name, (key, line) -> {
                Stream.concat(
                                line.holders.stream().map(request -> request.asShown(true)),
                                line.waiting.stream().map(request -> request.asShown(false)))
                        .forEach(all::add);
                return line;
            });
        }
        return all;
    }

    private NamedLock.Request asShown(boolean held) {
        return new NamedLock.Request(name, mode, held);
    }
}
