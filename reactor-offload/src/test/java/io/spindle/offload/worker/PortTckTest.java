// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.worker;

import io.spindle.loop.EventLoop;
import io.spindle.loop.EventLoopSpec;
import io.spindle.testkit.PatientPublisherVerification;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.reactivestreams.tck.TestEnvironment;
import org.testng.annotations.AfterClass;
import org.testng.annotations.Factory;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** The rules of Reactive Streams for what ports, channels and workers receive, checked by their own tests. */
public class PortTckTest extends PatientPublisherVerification<Integer> {

    private enum Kind {
        CHANNEL,
        CHANNEL_ON_A_LOOP,
        BROADCAST,
        WORKER
    }

    private static final int CAPACITY = 4; // fewer than most tests send: so the sender waits, too
    private static final AtomicInteger NAMES = new AtomicInteger();

    private final Kind kind;
    private final EventLoop loop = EventLoopSpec.of("tck").start();
    private final Disposable.Composite senders = Disposables.composite();

    private PortTckTest(Kind kind) {
        super(new TestEnvironment(4_000, 100, 100));
        this.kind = kind;
    }

    @Factory
    public static Object[] allKinds() {
        Kind[] kinds = Kind.values();
        Object[] tests = new Object[kinds.length];
        for (int i = 0; i < kinds.length; i++) {
            tests[i] = new PortTckTest(kinds[i]);
        }
        return tests;
    }

    @AfterClass
    public void disposeAll() {
        senders.dispose();
        loop.dispose();
    }

    @Override
    public Publisher<Integer> createPublisher(long elements) {
        return switch (kind) {
            case CHANNEL -> channel(elements);
            case CHANNEL_ON_A_LOOP -> channel(elements).subscribeOn(loop);
            case BROADCAST -> broadcast(elements);
            case WORKER -> worker(elements);
        };
    }

    /** Only a worker's port can fail, by the error that ended the worker. */
    @Override
    public @Nullable Publisher<Integer> createFailedPublisher() {
        if (kind != Kind.WORKER) {
            return null;
        }
        PortQueue<Integer> failed = PortQueue.keeping("failed", CAPACITY, null);
        failed.close(new IllegalStateException("failed"), null);
        return failed;
    }

    private Flux<Integer> channel(long elements) {
        MessageChannel<Integer, Integer> channel = MessageChannel.create(CAPACITY);
        feed(elements, channel.port1()::send, channel.port1()::close);
        return channel.port2().messages();
    }

    /** An end misses what is sent before it listens, and drops what is sent after: so it is fed meanwhile. */
    private Flux<Integer> broadcast(long elements) {
        String name = "tck-" + NAMES.incrementAndGet();
        BroadcastChannel<Integer> from = BroadcastChannel.open(name, Integer.class);
        BroadcastChannel<Integer> to = BroadcastChannel.open(name, Integer.class, CAPACITY);
        AtomicBoolean fed = new AtomicBoolean();
        Disposable.Composite feeding = Disposables.composite();
        return to.messages()
                .doOnSubscribe(subscription -> {
                    if (fed.compareAndSet(false, true)) {
                        feeding.add(feed(elements, from::send, to::close));
                    }
                })
                .doFinally(end -> {
                    feeding.dispose();
                    from.close();
                    to.close();
                });
    }

    private Flux<Integer> worker(long elements) {
        Worker<Void, Integer> worker = WorkerSpec.<Void, Integer>of(context -> numbers(elements)
                        .concatMap(context.parentPort()::send)
                        .subscribe(none -> {}, error -> {})) // it is ended while it sends
                .queueCapacity(CAPACITY)
                .start();
        senders.add(worker);
        return worker.messages();
    }

    private Disposable feed(long elements, Function<Integer, Mono<Void>> send, Runnable close) {
        Disposable feeding = numbers(elements)
                .concatMap(send)
                .subscribeOn(Schedulers.boundedElastic())
                .subscribe(none -> {}, error -> {}, close);
        senders.add(feeding);
        return feeding;
    }

    private static Flux<Integer> numbers(long elements) {
        return elements > Integer.MAX_VALUE ? Flux.range(0, Integer.MAX_VALUE).repeat() : Flux.range(0, (int) elements);
    }
}
