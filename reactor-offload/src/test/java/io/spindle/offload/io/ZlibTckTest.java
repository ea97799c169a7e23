// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import io.spindle.testkit.PatientPublisherVerification;
import org.reactivestreams.Publisher;
import org.reactivestreams.tck.TestEnvironment;
import org.testng.annotations.Factory;
import reactor.core.publisher.Flux;

/** The rules of Reactive Streams for a stream in which each chunk makes one piece, checked by their own tests. */
public class ZlibTckTest extends PatientPublisherVerification<byte[]> {

    private static final byte[] MEMBER = member(9);
    private static final byte[] EMPTY_MEMBER = member(0);

    private ZlibTckTest() {
        super(new TestEnvironment(20_000, 100, 100));
    }

    @Factory
    public static Object[] tests() {
        return new Object[] {new ZlibTckTest()};
    }

    @Override
    public Publisher<byte[]> createPublisher(long elements) {
        return (elements == 0 ? Flux.just(EMPTY_MEMBER) : Flux.just(MEMBER).repeat(elements - 1))
                .transform(Zlib.gzip().decompress());
    }

    @Override
    public Publisher<byte[]> createFailedPublisher() {
        return Flux.<byte[]>error(new IllegalStateException("failed"))
                .transform(Zlib.gzip().decompress());
    }

    private static byte[] member(int length) {
        return Zlib.gzip().compress(new byte[length]).blockOptional().orElseThrow();
    }
}
