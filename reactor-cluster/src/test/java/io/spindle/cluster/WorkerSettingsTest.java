// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spindle.process.Output;
import io.spindle.testkit.LeakCheck;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
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
    void whatCannotBeIsRejected() {
        WorkerSettings none = WorkerSettings.none();

        assertThatIllegalArgumentException()
                .isThrownBy(() -> none.stdout(Output.pipe().charset(StandardCharsets.ISO_8859_1)))
                .withMessage("stdout must be Output.pipe() as it is: the primary passes bytes on and decodes nothing");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> none.stderr(Output.pipe().maxBuffer(1)))
                .withMessage("stderr must be Output.pipe() as it is: the primary passes bytes on and decodes nothing");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> none.stdout(Output.merged()))
                .withMessage("stdout must not be merged: it would go where it goes");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> none.env("", "value"))
                .withMessage("name must not be empty");
        assertThat(none.stdout(Output.pipe()).stdout().isPipe()).isTrue();
    }
}
