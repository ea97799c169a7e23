// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import io.spindle.testkit.PatientPublisherVerification;
import java.util.stream.Stream;
import org.reactivestreams.Publisher;
import org.reactivestreams.tck.TestEnvironment;
import org.testng.annotations.AfterClass;
import org.testng.annotations.Factory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** The rules of Reactive Streams for what is adopted, checked by their own tests. */
public class AdoptionTckTest extends PatientPublisherVerification<Integer> {

    private enum Kind {
        FLUX,
        FLUX_WITH_PREFETCH_OF_ONE,
        MONO
    }

    private final EventLoop loop = EventLoop.create("tck");
    private final Kind kind;

    private AdoptionTckTest(Kind kind) {
        super(new TestEnvironment(20_000, 100, 100));
        this.kind = kind;
    }

    @Factory
    public static Object[] each() {
        return Stream.of(Kind.values()).map(AdoptionTckTest::new).toArray();
    }

    @AfterClass
    public void disposeLoop() {
        loop.dispose();
    }

    @Override
    public long maxElementsFromPublisher() {
        return kind == Kind.MONO ? 1 : Long.MAX_VALUE - 1;
    }

    @Override
    public Publisher<Integer> createPublisher(long elements) {
        Flux<Integer> source = elements > Integer.MAX_VALUE
                ? Flux.range(0, Integer.MAX_VALUE).repeat()
                : Flux.range(0, (int) elements);
        return adopt(source);
    }

    @Override
    public Publisher<Integer> createFailedPublisher() {
        return adopt(Flux.error(new IllegalStateException("failed")));
    }

    private Publisher<Integer> adopt(Flux<Integer> source) {
        Flux<Integer> elsewhere = source.subscribeOn(Schedulers.parallel());
        return switch (kind) {
            case FLUX -> loop.adopt(elsewhere);
            case FLUX_WITH_PREFETCH_OF_ONE -> loop.adopt(elsewhere, 1);
            case MONO -> loop.adopt(Mono.from(elsewhere));
        };
    }
}
