// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import io.spindle.testkit.PatientPublisherVerification;
import org.reactivestreams.Publisher;
import org.reactivestreams.tck.TestEnvironment;
import org.testng.annotations.AfterClass;
import org.testng.annotations.Factory;
import reactor.core.publisher.Flux;

/** The rules of Reactive Streams for both maps, checked by their own tests. */
public class BlockingPoolMapTckTest extends PatientPublisherVerification<Integer> {

    private final BlockingPool pool = BlockingPoolSpec.of("tck").threads(3).start();
    private final boolean ordered;

    private BlockingPoolMapTckTest(boolean ordered) {
        super(new TestEnvironment(20_000, 100, 100));
        this.ordered = ordered;
    }

    @Factory
    public static Object[] both() {
        return new Object[] {new BlockingPoolMapTckTest(true), new BlockingPoolMapTckTest(false)};
    }

    @AfterClass
    public void disposePool() {
        pool.dispose();
    }

    @Override
    public Publisher<Integer> createPublisher(long elements) {
        Flux<Integer> source = elements > Integer.MAX_VALUE
                ? Flux.range(0, Integer.MAX_VALUE).repeat()
                : Flux.range(0, (int) elements);
        return map(source);
    }

    @Override
    public Publisher<Integer> createFailedPublisher() {
        return map(Flux.error(new IllegalStateException("failed")));
    }

    private Flux<Integer> map(Flux<Integer> source) {
        return source.transform(ordered ? pool.map(i -> i) : pool.mapUnordered(i -> i));
    }
}
