// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A test that runs on each engine of this platform, which it gets as its parameter: once, or as often as the system
 * property {@code spindle.test.rounds} says.
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@ParameterizedTest
@MethodSource("io.spindle.process.EngineTest$Engines#all")
@interface EngineTest {

    /** The engines: two that must work where these tests run, and the native one from Java 22 on. */
    final class Engines {

        private Engines() {}

        static Stream<Engine> all() {
            return IntStream.range(0, Integer.getInteger("spindle.test.rounds", 1))
                    .boxed()
                    .flatMap(round -> Stream.of(
                                    io.spindle.process.Engines.nativeEngine(),
                                    io.spindle.process.Engines.EPOLL,
                                    io.spindle.process.Engines.THREADS)
                            .filter(Objects::nonNull));
        }
    }
}
