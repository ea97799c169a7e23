// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import static io.spindle.process.Await.GUARD;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReference;
import org.reactivestreams.Subscriber;
import org.reactivestreams.tck.SubscriberBlackboxVerification;
import org.reactivestreams.tck.TestEnvironment;
import org.testng.annotations.AfterMethod;
import org.testng.annotations.Factory;

/** The rules of Reactive Streams for what feeds a child's stdin, checked by their own tests, on each engine. */
public class StdinTckTest extends SubscriberBlackboxVerification<ByteBuf> {

    private static final int TIMEOUT_MILLIS = 20_000;
    private static final int SILENCE_MILLIS = 100;

    private final Queue<ChildProcess> children = new ConcurrentLinkedQueue<>();
    private final Engine engine;

    private StdinTckTest(Engine engine) {
        super(new TestEnvironment(TIMEOUT_MILLIS, SILENCE_MILLIS, SILENCE_MILLIS));
        this.engine = engine;
    }

    @Factory
    public static Object[] all() {
        return EngineTest.Engines.all().map(StdinTckTest::new).toArray();
    }

    @AfterMethod
    public void endChildren() {
        for (ChildProcess child = children.poll(); child != null; child = children.poll()) {
            child.dispose();
            child.close().block(GUARD);
        }
    }

    /** Returns the one that a command subscribes to the publisher of its input. */
    @Override
    public Subscriber<ByteBuf> createSubscriber() {
        AtomicReference<Subscriber<? super ByteBuf>> subscribed = new AtomicReference<>();
        ChildProcess child = Command.of("cat")
                .stdout(Output.discard())
                .stdin(Input.of(subscribed::set))
                .engine(engine)
                .spawn()
                .block(GUARD);
        assert child != null;
        children.add(child);
        Await.until("the input is subscribed to", () -> subscribed.get() != null);
        @SuppressWarnings("unchecked") // takes any buffer
        Subscriber<ByteBuf> subscriber = (Subscriber<ByteBuf>) Objects.requireNonNull(subscribed.get());
        return subscriber;
    }

    @Override
    public ByteBuf createElement(int element) {
        return Unpooled.wrappedBuffer((element + "\n").getBytes(StandardCharsets.UTF_8));
    }
}
