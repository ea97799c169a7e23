// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spindle.process.Output;
import io.spindle.testkit.LeakCheck;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What a worker has of its own. */
@ExtendWith(LeakCheck.class)
class WorkerSettingsTest {

    @TempDir
    private Path directory;

    private PrimarySpec spec() {
        return PrimarySpec.create()
                .workers(2)
                .main(App.class, "serve", "0")
                .jvmArgs("-Xmx48m", "-XX:TieredStopAtLevel=1", "-Dwho=all")
                .env("WHO", "all");
    }

    private Path file(int slot) {
        return directory.resolve("worker-" + slot + ".log");
    }

    @Test
    void environmentFlagsAndOutputAreThoseOfThePlace() throws IOException {
        BlockingQueue<ClusterEvent> events = Probe.queue();
        Primary primary = Objects.requireNonNull(spec().settings(slot -> WorkerSettings.none()
                        .env("WHO", "place " + slot)
                        .jvmArgs("-Dwho=" + slot)
                        .stdout(Output.append(file(slot)))
                        .stderr(Output.merged()))
                .onEvent(events::add)
                .start()
                .block(Probe.PATIENCE));
        for (int i = 0; i < 2; i++) {
            Probe.await(events, event -> event instanceof ClusterEvent.Ready, "Ready");
        }

        primary.broadcast("who").block(Probe.PATIENCE);
        for (int i = 0; i < 2; i++) {
            Probe.await(events, event -> event instanceof ClusterEvent.Message, "an answer");
        }

        for (int slot = 0; slot < 2; slot++) {
            assertThat(Files.readAllLines(file(slot)))
                    .contains("out place " + slot, "err " + slot)
                    .noneMatch(line -> line.endsWith("all"));
        }
        primary.disposeGracefully().block(Probe.PATIENCE);
    }

    @Test
    void settingsThatCannotBeHadAreAFailedStart() {
        Primary primary =
                Objects.requireNonNull(spec().restart(RestartPolicy.defaults().maxFailedStarts(1))
                        .settings(slot -> {
                            throw new IllegalStateException("no heap left for slot " + slot);
                        })
                        .start()
                        .block(Probe.PATIENCE));

        assertThatThrownBy(() -> primary.exit().block(Probe.PATIENCE))
                .isInstanceOf(ClusterException.class)
                .hasMessageContaining("crash loop")
                .hasMessageContaining("no heap left for slot");
    }

    @Test
    void whatNobodyReadsIsRejected() {
        WorkerSettings none = WorkerSettings.none();

        assertThatIllegalArgumentException()
                .isThrownBy(() -> none.stdout(Output.pipe()))
                .withMessage("stdout must not be a pipe: the primary does not read it");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> none.stderr(Output.pipe()))
                .withMessage("stderr must not be a pipe: the primary does not read it");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> none.stdout(Output.merged()))
                .withMessage("stdout must not be merged: it would go where it goes");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> none.env("", "value"))
                .withMessage("name must not be empty");
    }
}
