// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A test that runs once on each engine of this platform, which it gets as its parameter. */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@ParameterizedTest
@MethodSource("io.spindle.process.EngineTest$Engines#all")
@interface EngineTest {

    /** The engines; both must work where these tests run. */
    final class Engines {

        private Engines() {}

        static Stream<Engine> all() {
            return Stream.of(io.spindle.process.Engines.EPOLL, io.spindle.process.Engines.THREADS);
        }
    }
}
