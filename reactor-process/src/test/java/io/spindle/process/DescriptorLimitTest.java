// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import static io.spindle.process.Await.GUARD;
import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.testkit.LeakCheck;
import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Objects;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Mono;

/** HI-16: a system that has no descriptor left says so, at whichever of the many that a child takes it is noticed. */
@ExtendWith({JvmWarmUp.class, LeakCheck.class})
class DescriptorLimitTest {

    private static final int TRIES = 40;

    /**
     * Takes all descriptors, then tries without giving one back, then with one more each time, and tells what becomes of a
     * child.
     */
    static final class Starved {

        private Starved() {}

        public static void main(String[] args) throws IOException {
            outcome(Command.of("true"));
            outcome(Command.of("no-such-program-anywhere")); // no class can be loaded later
            Deque<InputStream> all = takeAll();
            StringBuilder outcomes = new StringBuilder();
            for (int i = 0; i < 2 * TRIES; i++) {
                outcomes.append(outcome(Command.of("true"))).append('\n');
                if (i >= TRIES) {
                    all.remove().close();
                }
            }
            System.out.print(outcomes);
        }

        private static Deque<InputStream> takeAll() throws IOException {
            Deque<InputStream> all = new ArrayDeque<>();
            while (true) {
                try {
                    all.add(new FileInputStream("/dev/null"));
                } catch (FileNotFoundException e) {
                    return all;
                }
            }
        }

        private static String outcome(Command command) {
            return Objects.requireNonNull(command.exec()
                    .map(result -> "ran")
                    .onErrorResume(error -> Mono.just(
                            error instanceof SpawnException refused
                                    ? refused.reason().toString()
                                    : error.toString()))
                    .block(GUARD));
        }
    }

    @EngineTest
    void aSystemWithoutDescriptorsIsToldAsALimitAndTheChildRunsWhenThereAreSomeAgain(Engine engine) {
        Command starved = EngineJvm.command("ulimit -n 128", engine, Starved.class);

        String[] outcomes = Objects.requireNonNull(
                        starved.stderr(Output.inherit()).exec().block(GUARD))
                .stdout()
                .split("\n");

        assertThat(outcomes).hasSize(2 * TRIES);
        assertThat(outcomes[TRIES]).isEqualTo("LIMIT_REACHED");
        assertThat(outcomes[2 * TRIES - 1]).isEqualTo("ran");
        assertThat(Arrays.stream(outcomes).distinct()).containsExactly("LIMIT_REACHED", "ran");
    }
}
