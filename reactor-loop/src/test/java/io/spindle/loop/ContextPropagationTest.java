// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.context.ContextRegistry;
import io.micrometer.context.ContextSnapshotFactory;
import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Transport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.netty.DisposableServer;
import reactor.netty.tcp.TcpClient;
import reactor.netty.tcp.TcpServer;
import reactor.util.context.Context;

/** Reactor's Context, and thread-locals by context-propagation, travel with what runs on a loop (EL-53). */
@ParameterizedClass(name = "{0}")
@EnumSource(Transport.class)
@ExtendWith(LeakCheck.class)
class ContextPropagationTest {

    private static final String KEY = "spindle.test.trace";
    private static final ThreadLocal<String> TRACE = new ThreadLocal<>();

    @Parameter
    @SuppressWarnings("NullAway.Init")
    Transport transport;

    private void run(Consumer<EventLoop> program) {
        transport.run(program);
    }

    @BeforeEach
    void propagate() {
        ContextRegistry.getInstance().registerThreadLocalAccessor(KEY, TRACE);
        Hooks.enableAutomaticContextPropagation();
    }

    @AfterEach
    void stop() {
        Hooks.disableAutomaticContextPropagation();
        ContextRegistry.getInstance().removeThreadLocalAccessor(KEY);
        TRACE.remove();
    }

    @Test
    void anAdoptedPublisherKeepsItsContextAndRestoresThreadLocalsOnTheLoop() {
        List<String> seen = Collections.synchronizedList(new ArrayList<>());

        run(loop -> loop.adopt(Flux.just("a", "b").subscribeOn(Schedulers.boundedElastic()))
                .flatMap(value -> Mono.deferContextual(context -> Mono.just(value + context.get(KEY))))
                .contextWrite(Context.of(KEY, "42"))
                .subscribe(value -> seen.add(value + " " + loop.inLoop())));
        run(loop -> loop.adopt(Mono.just("c").subscribeOn(Schedulers.boundedElastic()))
                .doOnNext(value -> seen.add(value + TRACE.get() + " " + loop.inLoop()))
                .contextWrite(Context.of(KEY, "43"))
                .subscribe());

        assertThat(seen).containsExactly("a42 true", "b42 true", "c43 true");
    }

    @Test
    @DisplayName("O-74: every kind of callback runs with the thread locals of who set it")
    void everyKindOfCallbackRunsWithTheThreadLocalsOfWhoSetIt() {
        List<String> seen = new ArrayList<>();

        run(loop -> {
            TRACE.set("7");
            loop.nextTick(() -> seen.add("tick " + TRACE.get()));
            loop.queueMicrotask(() -> seen.add("microtask " + TRACE.get()));
            loop.setImmediate(() -> seen.add("immediate " + TRACE.get()));
            loop.schedule(() -> seen.add("task " + TRACE.get()));
            loop.setTimeout(Duration.ofMillis(1), () -> seen.add("timeout " + TRACE.get()));
            loop.createWorker().schedule(() -> seen.add("delayed " + TRACE.get()), 50, TimeUnit.MILLISECONDS);
            loop.open("handle", () -> seen.add("close " + TRACE.get())).dispose();
            AtomicReference<Timeout> interval = new AtomicReference<>();
            interval.set(loop.setInterval(Duration.ofMillis(1), () -> {
                seen.add("interval " + TRACE.get());
                OrderingRules.the(interval).dispose();
            }));
            AtomicReference<Disposable> periodic = new AtomicReference<>();
            periodic.set(loop.schedulePeriodically(
                    () -> {
                        seen.add("periodic " + TRACE.get());
                        OrderingRules.the(periodic).dispose();
                    },
                    1,
                    1,
                    TimeUnit.MILLISECONDS));
            TRACE.set("8");
            loop.nextTick(() -> seen.add("tick " + TRACE.get()));
            TRACE.remove();
        });

        assertThat(seen)
                .containsExactlyInAnyOrder(
                        "tick 7",
                        "tick 8",
                        "microtask 7",
                        "immediate 7",
                        "task 7",
                        "timeout 7",
                        "delayed 7",
                        "close 7",
                        "interval 7",
                        "periodic 7");
    }

    @Test
    @DisplayName("O-74: what is set from another thread, and an I/O callback, too")
    void whatIsSetFromAnotherThreadRunsWithItsThreadLocals() {
        List<String> seen = Collections.synchronizedList(new ArrayList<>());

        run(loop -> loop.adopt(Mono.fromRunnable(() -> {
                            loop.nextTick(() -> seen.add("tick " + TRACE.get()));
                            loop.queueMicrotask(() -> seen.add("microtask " + TRACE.get()));
                            loop.setImmediate(() -> seen.add("immediate " + TRACE.get()));
                            loop.setTimeout(Duration.ofMillis(1), () -> seen.add("timeout " + TRACE.get()));
                        })
                        .contextWrite(Context.of(KEY, "9"))
                        .subscribeOn(Schedulers.boundedElastic())
                        .contextWrite(Context.of(KEY, "9")))
                .subscribe());
        DisposableServer server = TcpServer.create()
                .host("127.0.0.1")
                .port(0)
                .handle((in, out) -> out.sendString(Mono.just("hello")))
                .bindNow();
        run(loop -> TcpClient.create()
                .host("127.0.0.1")
                .port(server.port())
                .runOn(loop.resources())
                .connect()
                .flatMapMany(
                        connection -> connection.inbound().receive().asString().doFinally(end -> connection.dispose()))
                .doOnNext(text -> seen.add(text + " " + TRACE.get() + " " + loop.inLoop()))
                .contextWrite(Context.of(KEY, "10"))
                .subscribe());
        server.disposeNow();

        assertThat(seen)
                .containsExactlyInAnyOrder("tick 9", "microtask 9", "immediate 9", "timeout 9", "hello 10 true");
    }

    @Test
    @DisplayName("HT-58: a snapshot brings its own thread locals, whoever runs it")
    void aSnapshotBringsItsOwnThreadLocals() {
        List<String> seen = new ArrayList<>();

        run(loop -> {
            TRACE.set("123");
            Runnable look = () -> seen.add(String.valueOf(TRACE.get()));
            Runnable taken =
                    ContextSnapshotFactory.builder().build().captureAll().wrap(look);
            TRACE.set("321");
            loop.setImmediate(taken);
            TRACE.remove();
        });

        assertThat(seen).containsExactly("123");
    }

    @Test
    void nothingOfItIsLeftOnTheLoop() {
        List<String> seen = new ArrayList<>();

        run(loop -> {
            TRACE.set("7");
            loop.nextTick(() -> seen.add(String.valueOf(TRACE.get())));
            TRACE.remove();
            loop.nextTick(() -> seen.add(String.valueOf(TRACE.get())));
        });

        assertThat(seen).containsExactly("7", "null");
    }
}
