// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spindle.testkit.LeakCheck;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

/** Tasks with a name, on threads. In other JVMs: {@code ProcessPoolTest} in reactor-process. */
@ExtendWith(LeakCheck.class)
class TaskTest {

    private static final Duration LONG = Duration.ofSeconds(20);

    @RegisterExtension
    final WorkerPools pools = new WorkerPools();

    /** Says what it is given, how often it was run, and where. */
    static final class Echo implements Task<String, String> {

        private int runs;

        @Override
        public String run(String input) {
            runs++;
            return input + runs + " on " + Thread.currentThread().getName();
        }
    }

    static final class Failing implements Task<String, String> {
        @Override
        public String run(String input) throws IOException {
            throw new IOException(input);
        }
    }

    static final class Unborn implements Task<String, String> {

        Unborn() throws IOException {
            throw new IOException("not born");
        }

        @Override
        public String run(String input) {
            return input;
        }
    }

    static final class Demanding implements Task<String, String> {

        Demanding(String needed) {
            assertThat(needed).isNotNull();
        }

        @Override
        public String run(String input) {
            return input;
        }
    }

    abstract static class Unfinished implements Task<String, String> {}

    @Test
    void aTaskRunsOnAThreadOfThePoolEachTimeOnAnInstanceOfItsOwn() {
        WorkerPool pool = pools.start(WorkerPools.single());

        assertThat(pool.run(Echo.class, "a").block(LONG)).isEqualTo("a1 on cpu-1");
        assertThat(Flux.just("b", "c")
                        .transform(pool.map(Echo.class))
                        .collectList()
                        .block(LONG))
                .containsExactly("b1 on cpu-1", "c1 on cpu-1");
        assertThat(Flux.just("d", "e")
                        .transform(pool.mapUnordered(Echo.class))
                        .collectList()
                        .block(LONG))
                .containsExactlyInAnyOrder("d1 on cpu-1", "e1 on cpu-1");
        assertThat(pool.metrics().completed()).isEqualTo(5);
    }

    @Test
    void whatItThrowsIsTheErrorAsItIs() {
        WorkerPool pool = pools.start(WorkerPools.single());

        StepVerifier.create(pool.run(Failing.class, "its own"))
                .expectErrorSatisfies(error ->
                        assertThat(error).isExactlyInstanceOf(IOException.class).hasMessage("its own"))
                .verify(LONG);
        StepVerifier.create(pool.run(Unborn.class, ""))
                .expectErrorSatisfies(error ->
                        assertThat(error).isExactlyInstanceOf(IOException.class).hasMessage("not born"))
                .verify(LONG);
    }

    @Test
    void aClassThatIsNoTaskThatCanBeRunIsRefusedAtTheCall() {
        WorkerPool pool = pools.start(WorkerPools.single());
        Task<String, String> lambda = input -> input;
        @SuppressWarnings("unchecked")
        Class<? extends Task<String, String>> hidden = (Class<? extends Task<String, String>>) lambda.getClass();

        assertThatIllegalArgumentException()
                .isThrownBy(() -> pool.run(Demanding.class, ""))
                .withMessage("task must have a constructor without parameters, was " + Demanding.class);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> pool.map(Unfinished.class))
                .withMessage("task must not be abstract, was " + Unfinished.class);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> pool.mapUnordered(hidden))
                .withMessageStartingWith("task must be a class with a name, not a lambda, was ");
    }

    @Test
    void aDistanceThatIsNotThereNamesWhatIsMissing() {
        WorkerPoolSpec spec = WorkerPools.single().distance(Distance.PROCESS).jvmArgs("-Xmx64m");

        assertThatThrownBy(spec::start)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage(
                        "pool cpu is to run its tasks at the distance PROCESS, for which nothing is on the class path:"
                                + " add the dependency io.spindle:reactor-process");
        assertThat(spec.distance()).isEqualTo(Distance.PROCESS);
        assertThat(spec.jvmArgs()).isEqualTo(List.of("-Xmx64m"));
        assertThat(spec.grace()).isEqualTo(Duration.ofSeconds(1));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> spec.jvmArgs("-D\0"))
                .withMessage("flag must not contain a NUL character, was -D\0");
    }
}
