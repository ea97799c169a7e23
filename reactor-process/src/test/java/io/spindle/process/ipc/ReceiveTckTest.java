// SPDX-License-Identifier: Apache-2.0
package io.spindle.process.ipc;

import io.spindle.testkit.PatientPublisherVerification;
import org.reactivestreams.Publisher;
import org.reactivestreams.tck.TestEnvironment;
import org.testng.annotations.AfterClass;
import reactor.core.publisher.Flux;

/** The rules of Reactive Streams for the messages of a channel, checked by their own tests. */
public class ReceiveTckTest extends PatientPublisherVerification<Integer> {

    private final Pair pair = new Pair();

    public ReceiveTckTest() {
        super(new TestEnvironment(4_000, 100, 100));
    }

    @AfterClass
    public void closePair() {
        pair.close();
    }

    @Override
    public Publisher<Integer> createPublisher(long elements) {
        Pair.Ends ends = pair.connect();
        Flux.range(0, (int) Math.min(elements, Integer.MAX_VALUE))
                .concatMap(ends.client()::send)
                .then(ends.client().disconnect())
                .subscribe(null, error -> {}); // where the test cancels, the channel ends with the pair
        return ends.server().receive(Integer.class);
    }

    @Override
    public Publisher<Integer> createFailedPublisher() {
        Channel failed = pair.connect().server();
        DefaultChannel channel = (DefaultChannel) failed;
        channel.onLoop(() -> channel.fail(new ChannelProtocolException("on purpose")));
        return failed.receive(Integer.class);
    }
}
