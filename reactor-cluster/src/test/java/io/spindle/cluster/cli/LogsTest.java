// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.cluster.ClusterEvent;
import io.spindle.cluster.Primary;
import io.spindle.cluster.PrimarySpec;
import io.spindle.cluster.WorkerSettings;
import io.spindle.process.Output;
import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Program;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What real workers print, as {@code spindle logs} shows it. */
@ExtendWith(LeakCheck.class)
class LogsTest {

    @TempDir
    private Path directory;

    private final CountDownLatch ready = new CountDownLatch(2);

    private Primary start() throws Exception {
        Primary primary = Objects.requireNonNull(PrimarySpec.create()
                .workers(2)
                .controlSocket(directory.resolve("control"))
                .main(Class.forName("io.spindle.cluster.App"), "serve", "0")
                .jvmArgs("-Xmx48m", "-XX:TieredStopAtLevel=1", "-Dwho=me")
                .env("WHO", "me")
                .settings(slot -> WorkerSettings.none().stdout(Output.pipe()).stderr(Output.pipe()))
                .onEvent(event -> {
                    if (event instanceof ClusterEvent.Ready) {
                        ready.countDown();
                    }
                })
                .start()
                .block(Program.PATIENCE));
        assertThat(ready.await(Program.PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        return primary;
    }

    private String[] command(String... words) {
        String[] line = new String[words.length + 2];
        System.arraycopy(words, 0, line, 0, words.length);
        line[words.length] = "--socket";
        line[words.length + 1] = directory.resolve("control").toString();
        return line;
    }

    @Test
    void whatWorkersPrintIsShownAsItComesUntilTheClusterEnds() throws Exception {
        Primary primary = start();
        int first = primary.workers().get(0).id();
        int second = primary.workers().get(1).id();
        List<String> line = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx32m",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
        line.addAll(List.of(command("logs", "--follow")));
        try (Program follower = Program.start(line)) {
            follower.await(Pattern.compile("^\\[primary\\] worker \\d+ \\(pid \\d+\\) is ready$"), 2);

            primary.broadcast("who").block(Program.PATIENCE);

            follower.await(Pattern.compile("^\\[worker " + first + "\\] out me$"), 1);
            follower.await(Pattern.compile("^\\[worker " + second + "\\] err me$"), 1);
            Run run = Run.of(command("logs", "--worker", String.valueOf(first), "--lines", "1000"));
            assertThat(run.code()).isZero();
            assertThat(run.err()).isEmpty();
            assertThat(run.out().lines())
                    .contains("[worker " + first + "] out me", "[worker " + first + "] err me")
                    .noneMatch(each -> each.startsWith("[worker " + second + "]"));

            primary.disposeGracefully().block(Program.PATIENCE);
            follower.await(Pattern.compile("^\\[primary\\] worker \\d+ \\(pid \\d+\\) exited with code 0$"), 2);
            assertThat(follower.awaitEnd()).isZero();
        }
    }
}
