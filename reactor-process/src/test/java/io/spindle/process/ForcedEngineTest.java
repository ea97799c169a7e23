// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import static io.spindle.process.Await.GUARD;
import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.testkit.LeakCheck;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

/** Which engine a JVM takes that is told to, and what only such a JVM shows of the engines. */
@ExtendWith({JvmWarmUp.class, LeakCheck.class})
class ForcedEngineTest {

    private static final boolean HAS_NATIVE = Runtime.version().feature() >= 22;

    private static Command jvm(String engine, Class<?> main, String... flags) {
        return EngineJvm.command(
                engine,
                main,
                Stream.concat(Stream.of("-XX:TieredStopAtLevel=1"), Stream.of(flags))
                        .toArray(String[]::new));
    }

    private static Flux<String> told(String engine, String... flags) {
        return jvm(engine, Which.class, flags)
                .lines()
                .filter(line -> line.contains("Error") || line.contains("Exception"));
    }

    /** Says which engine it takes; if none, twice why not. */
    static final class Which {

        private Which() {}

        public static void main(String[] args) {
            try {
                System.out.println("engine " + Engines.best());
            } catch (IllegalArgumentException | UnsupportedOperationException first) {
                for (int time = 1; time <= 2; time++) {
                    Command.of("true")
                            .exec()
                            .doOnError(System.out::println)
                            .onErrorComplete()
                            .block(GUARD);
                }
            }
        }
    }

    @Test
    void thePropertyForcesOne() {
        String best = HAS_NATIVE ? "native" : "epoll";

        StepVerifier.create(Flux.just(best, "epoll", "threads", "")
                        .flatMapSequential(
                                name -> jvm(name, Which.class).lines().filter(line -> line.startsWith("engine ")), 2))
                .expectNext("engine " + best, "engine epoll", "engine threads", "engine " + best)
                .expectComplete()
                .verify(GUARD);
    }

    /** Epoll is what both of them need. */
    @Test
    void anEngineThatCannotBeUsedHereIsToldByEachRun() {
        String why = HAS_NATIVE ? "there is no epoll" : "it needs Java 22, and a jar that was built on it";

        StepVerifier.create(told("native", "-Dio.netty.transport.noNative=" + HAS_NATIVE))
                .expectNext(cannot("native", why), cannot("native", why))
                .expectComplete()
                .verify(GUARD);
        StepVerifier.create(told("epoll", "-Dio.netty.transport.noNative=true"))
                .expectNext(cannot("epoll", "there is no epoll"), cannot("epoll", "there is no epoll"))
                .expectComplete()
                .verify(GUARD);
    }

    private static String cannot(String engine, String why) {
        return "java.lang.UnsupportedOperationException: spindle.process.engine is '" + engine
                + "', which cannot be used here: " + why;
    }

    @Test
    void anEngineThatNobodyKnowsIsToldByEachRun() {
        String told =
                "java.lang.IllegalArgumentException: spindle.process.engine must be 'native', 'epoll' or 'threads',"
                        + " was 'epol'";

        StepVerifier.create(told("epol"))
                .expectNext(told, told)
                .expectComplete()
                .verify(GUARD);
    }

    /** Lets a child write where it writes itself, and read what it reads itself. */
    static final class Inheriting {

        private Inheriting() {}

        public static void main(String[] args) {
            Command.shell("read line; echo \"out $line\"; echo \"err $line\" >&2")
                    .stdin(Input.inherit())
                    .stdout(Output.inherit())
                    .stderr(Output.inherit())
                    .exec()
                    .doOnNext(result -> System.out.println("[" + result.stdout() + result.stderr() + "]"))
                    .block(GUARD);
        }
    }

    @EngineTest
    void inheritedStreamsAreThoseOfThisProcess(Engine engine) {
        ExecResult result = Objects.requireNonNull(jvm(engine.toString(), Inheriting.class)
                .stdin(Input.of("of the JVM\n"))
                .engine(engine)
                .exec()
                .block(GUARD));

        assertThat(result.stdout()).contains("out of the JVM\n").contains("[]").doesNotContain("err of");
        assertThat(result.stderr()).contains("err of the JVM\n");
    }
}
