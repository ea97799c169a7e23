// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import io.spindle.testkit.Spin;
import io.spindle.testkit.Transport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.junit.jupiter.params.Parameter;

/** What the tests of Node's ordering rules share; the codes in their names are those of docs/design/loop.md. */
abstract class OrderingRules {

    @Parameter
    @SuppressWarnings("NullAway.Init")
    Transport transport;

    final List<String> log = new ArrayList<>();

    EventLoopSpec spec() {
        return transport.spec("order");
    }

    List<String> run(BiConsumer<EventLoop, List<String>> script) {
        spec().run(script(loop -> script.accept(loop, log)));
        return log;
    }

    /** The script of a program that waits as the test is to. */
    Consumer<EventLoop> script(Consumer<EventLoop> script) {
        return transport.script(script);
    }

    /** Runs with a handler that logs the message of what a callback threw. */
    List<String> runHandled(BiConsumer<EventLoop, List<String>> script) {
        spec().onUncaught((loop, error) -> log.add("handler:" + error.getMessage()))
                .run(script(loop -> script.accept(loop, log)));
        return log;
    }

    static Duration ms(double millis) {
        return Duration.ofNanos((long) (millis * 1e6));
    }

    /** Holds the loop for so long, as a busy callback does. */
    static void block(long millis) {
        Spin.during(Duration.ofMillis(millis));
    }

    static <T> T the(AtomicReference<T> reference) {
        return Objects.requireNonNull(reference.get());
    }

    static Runnable failing(String message) {
        return () -> {
            throw new IllegalStateException(message);
        };
    }
}
