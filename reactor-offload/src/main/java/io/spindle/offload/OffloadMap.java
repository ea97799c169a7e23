// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import io.spindle.loop.EventLoop;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxOperator;
import reactor.core.publisher.Operators;

/** Maps the elements of a source on a pool, a bounded number at once, in order or not. */
final class OffloadMap<T, R> extends FluxOperator<T, R> {

    private static final String KIND = "BlockingPool.map";

    private final DefaultBlockingPool pool;
    private final Function<? super T, ? extends Callable<? extends @Nullable R>> calls;
    private final int concurrency;
    private final boolean ordered;
    private final TaskOptions options;

    private OffloadMap(
            Flux<T> source,
            DefaultBlockingPool pool,
            Function<? super T, ? extends Callable<? extends @Nullable R>> calls,
            int concurrency,
            boolean ordered,
            TaskOptions options) {
        super(source);
        this.pool = pool;
        this.calls = calls;
        this.concurrency = concurrency;
        this.ordered = ordered;
        this.options = options;
    }

    static <T, R> Flux<R> of(
            Flux<T> source,
            DefaultBlockingPool pool,
            Function<? super T, ? extends Callable<? extends @Nullable R>> calls,
            int concurrency,
            boolean ordered,
            TaskOptions options) {
        return onAssembly(new OffloadMap<T, R>(source, pool, calls, concurrency, ordered, options));
    }

    static int checkConcurrency(int concurrency) {
        if (concurrency < 1) {
            throw new IllegalArgumentException("concurrency must be 1 or more, was " + concurrency);
        }
        return concurrency;
    }

    /** What a function does with each element. */
    static <T, R> Function<T, Callable<R>> calling(Function<? super T, ? extends R> mapper) {
        Objects.requireNonNull(mapper, "mapper");
        return input -> () -> mapper.apply(input);
    }

    @Override
    public void subscribe(CoreSubscriber<? super R> actual) {
        OffloadMapSubscriber<T, R> subscriber =
                new OffloadMapSubscriber<>(actual, pool, calls, concurrency, ordered, options, EventLoop.current());
        Throwable loopsEnd = subscriber.holdLoop(KIND);
        if (loopsEnd == null) {
            try {
                source.subscribe(subscriber);
            } catch (Throwable fatal) { // else the loop would be held by what never began
                subscriber.letGo();
                throw fatal;
            }
        } else {
            Operators.error(actual, loopsEnd);
        }
    }
}
