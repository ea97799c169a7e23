// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxOperator;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoOperator;
import reactor.util.concurrent.Queues;

/**
 * Publishers that hold a loop open until they end and signal on it: a given one, or that on which the subscription is made,
 * if it is made on one. See {@link Adopted}.
 */
final class Adoption {

    private Adoption() {}

    static <T> Mono<T> onCurrent(Mono<T> source) {
        return OfMono.of(null, source);
    }

    static <T> Flux<T> onCurrent(Flux<T> source) {
        return OfFlux.of(null, source, Queues.SMALL_BUFFER_SIZE);
    }

    static <T> Mono<T> adopt(DefaultEventLoop loop, Mono<T> source) {
        return OfMono.of(loop, source);
    }

    static <T> Flux<T> adopt(DefaultEventLoop loop, Flux<T> source, int prefetch) {
        return OfFlux.of(loop, source, prefetch);
    }

    private static @Nullable DefaultEventLoop home(@Nullable DefaultEventLoop given) {
        return given != null || !(Thread.currentThread() instanceof LoopThread thread) ? given : thread.eventLoop();
    }

    private static final class OfMono<T> extends MonoOperator<T, T> {

        private final @Nullable DefaultEventLoop loop;

        private OfMono(@Nullable DefaultEventLoop loop, Mono<T> source) {
            super(source);
            this.loop = loop;
        }

        static <T> Mono<T> of(@Nullable DefaultEventLoop loop, Mono<T> source) {
            return onAssembly(new OfMono<>(loop, source));
        }

        @Override
        public void subscribe(CoreSubscriber<? super T> actual) {
            DefaultEventLoop home = home(loop);
            if (home == null) {
                source.subscribe(actual);
                return;
            }
            Adopted<T> adopted = Adopted.by(home, this, actual, 0);
            if (adopted != null) {
                adopted.orCancel(() -> source.subscribe(adopted));
            }
        }
    }

    private static final class OfFlux<T> extends FluxOperator<T, T> {

        private final @Nullable DefaultEventLoop loop;
        private final int prefetch;

        private OfFlux(@Nullable DefaultEventLoop loop, Flux<T> source, int prefetch) {
            super(source);
            this.loop = loop;
            this.prefetch = prefetch;
        }

        static <T> Flux<T> of(@Nullable DefaultEventLoop loop, Flux<T> source, int prefetch) {
            return onAssembly(new OfFlux<>(loop, source, prefetch));
        }

        @Override
        public int getPrefetch() {
            return prefetch;
        }

        @Override
        public void subscribe(CoreSubscriber<? super T> actual) {
            DefaultEventLoop home = home(loop);
            if (home == null) {
                source.subscribe(actual);
                return;
            }
            Adopted<T> adopted = Adopted.by(home, this, actual, prefetch);
            if (adopted != null) {
                adopted.orCancel(() -> source.subscribe(adopted));
            }
        }
    }
}
