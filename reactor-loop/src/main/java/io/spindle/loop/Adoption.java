// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxOperator;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoOperator;

/** Publishers that hold a loop open until they end and signal on it. See {@link Adopted}. */
final class Adoption {

    private Adoption() {}

    static <T> Mono<T> onCurrent(Mono<T> source) {
        return Mono.defer(() -> {
            EventLoop loop = EventLoop.current();
            return loop == null ? source : loop.adopt(source);
        });
    }

    static <T> Flux<T> onCurrent(Flux<T> source) {
        return Flux.defer(() -> {
            EventLoop loop = EventLoop.current();
            return loop == null ? source : loop.adopt(source);
        });
    }

    static <T> Mono<T> adopt(DefaultEventLoop loop, Mono<T> source) {
        return OfMono.of(loop, source);
    }

    static <T> Flux<T> adopt(DefaultEventLoop loop, Flux<T> source, int prefetch) {
        return OfFlux.of(loop, source, prefetch);
    }

    private static final class OfMono<T> extends MonoOperator<T, T> {

        private final DefaultEventLoop loop;

        private OfMono(DefaultEventLoop loop, Mono<T> source) {
            super(source);
            this.loop = loop;
        }

        static <T> Mono<T> of(DefaultEventLoop loop, Mono<T> source) {
            return onAssembly(new OfMono<>(loop, source));
        }

        @Override
        public void subscribe(CoreSubscriber<? super T> actual) {
            Adopted<T> adopted = Adopted.one(loop, actual);
            if (adopted != null) {
                source.subscribe(adopted);
            }
        }
    }

    private static final class OfFlux<T> extends FluxOperator<T, T> {

        private final DefaultEventLoop loop;
        private final int prefetch;

        private OfFlux(DefaultEventLoop loop, Flux<T> source, int prefetch) {
            super(source);
            this.loop = loop;
            this.prefetch = prefetch;
        }

        static <T> Flux<T> of(DefaultEventLoop loop, Flux<T> source, int prefetch) {
            return onAssembly(new OfFlux<>(loop, source, prefetch));
        }

        @Override
        public int getPrefetch() {
            return prefetch;
        }

        @Override
        public void subscribe(CoreSubscriber<? super T> actual) {
            Adopted<T> adopted = Adopted.many(loop, actual, prefetch);
            if (adopted != null) {
                source.subscribe(adopted);
            }
        }
    }
}
