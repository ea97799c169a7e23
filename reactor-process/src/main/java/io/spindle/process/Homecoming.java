// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.buffer.ByteBuf;
import io.spindle.loop.EventLoop;
import io.spindle.loop.Handle;
import java.util.function.Predicate;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * Brings signals from a pipe's loop to where they were subscribed: the event loop, which they hold open, or Reactor's
 * parallel scheduler, for user code must not hold up the pipes of all.
 */
final class Homecoming {

    private static final int LARGE_AHEAD = 4;

    private Homecoming() {}

    static <T> Mono<T> bring(Mono<T> source) {
        return Mono.defer(() -> {
            EventLoop home = EventLoop.current();
            return home == null ? source.publishOn(Schedulers.parallel()) : home.adopt(source);
        });
    }

    /** For streams that hold little: what is read ahead is Reactor's usual number. */
    static <T> Flux<T> bring(Flux<T> source) {
        return Flux.defer(() -> {
            EventLoop home = EventLoop.current();
            return home == null ? source.publishOn(Schedulers.parallel()) : home.adopt(source);
        });
    }

    /**
     * For what is large, chunks or all lines of one: few are read ahead, none if the pipe is served by the loop that
     * asks.
     *
     * @param served tells of an event loop whether the source signals on it
     */
    static <T> Flux<T> bringLarge(Predicate<EventLoop> served, Flux<T> source) {
        return Flux.<T>defer(() -> {
                    EventLoop home = EventLoop.current();
                    if (home == null) {
                        return source.publishOn(Schedulers.parallel(), LARGE_AHEAD);
                    }
                    Flux<T> here = served.test(home) ? source : source.publishOn(home, LARGE_AHEAD);
                    return Flux.using(() -> home.open("Pipe"), handle -> here, Handle::dispose, false);
                })
                .doOnDiscard(ByteBuf.class, Homecoming::discard);
    }

    /** A {@code publishOn} whose worker has gone discards its queue and then, once more, what it had put there last. */
    private static void discard(ByteBuf chunk) {
        if (chunk.refCnt() > 0) {
            chunk.release();
        }
    }
}
