// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/** Publishers that hold a loop open until they end and signal on it. */
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

    // Hidden, because Reactor would move the call of a Callable source itself to the loop.
    static <T> Mono<T> adopt(DefaultEventLoop loop, Mono<T> source) {
        return Mono.using(
                () -> Adopted.by(loop),
                adopted -> source.hide()
                        .doOnSubscribe(adopted::subscribed)
                        .publishOn(new Home(loop))
                        .takeUntilOther(adopted.refusal()),
                Adopted::release,
                false);
    }

    static <T> Flux<T> adopt(DefaultEventLoop loop, Flux<T> source, int prefetch) {
        return Flux.using(
                () -> Adopted.by(loop),
                adopted -> source.hide()
                        .doOnSubscribe(adopted::subscribed)
                        .publishOn(new Home(loop), prefetch)
                        .takeUntilOther(adopted.refusal()),
                Adopted::release,
                false);
    }

    /** The loop without its refusal of new work while it ends gracefully: what was adopted before may still signal. */
    private record Home(DefaultEventLoop loop) implements Scheduler {

        @Override
        public Disposable schedule(Runnable task) {
            return loop.worker().schedule(task);
        }

        @Override
        public Worker createWorker() {
            return new LoopWorker(loop, false);
        }
    }
}
