// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import static io.spindle.process.Await.GUARD;
import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.testkit.LeakCheck;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith({JvmWarmUp.class, LeakCheck.class})
class JvmEndTest {

    private static final Pattern PIDS = Pattern.compile("(?m)^(\\d+) (\\d+) (\\d+)$");

    /** Starts a tree and a detached child, says who they are, and ends: by itself, or when it is told to. */
    static final class Parent {

        private Parent() {}

        public static void main(String[] args) {
            if (args.length == 2) {
                launchForEver(args[1]);
                return;
            }
            List<String> lines = new ArrayList<>();
            ChildProcess tree =
                    Command.shell("sleep 300 & echo $!; wait").spawn().block(GUARD);
            assertThat(tree).isNotNull();
            tree.stdout()
                    .map(ChildProcessTest::text)
                    .doOnNext(lines::add)
                    .next()
                    .block(GUARD);
            ChildProcess detached = Command.of("sleep", "300")
                    .stdout(Output.discard())
                    .stderr(Output.discard())
                    .detached(true)
                    .spawn()
                    .block(GUARD);
            assertThat(detached).isNotNull();
            System.out.println(lines.get(0).strip() + " " + tree.pid() + " " + detached.pid());
            if (args.length > 0) {
                tree.exit().block(); // for ever
            }
        }
    }

    /** Returns while a launch waits for somebody who opens the other end of a named pipe. */
    private static void launchForEver(String fifo) {
        Command.of("cat").stdin(Input.file(Path.of(fifo))).exec().subscribe();
        Await.until(
                "it is launching",
                () -> Thread.getAllStackTraces().values().stream()
                        .flatMap(Arrays::stream)
                        .anyMatch(frame -> frame.getMethodName().equals("launch")
                                && frame.getClassName().endsWith("Engine")));
        System.out.println("launching");
    }

    private static Command parent(Engine engine, String... args) {
        return EngineJvm.command(engine, Parent.class).args(args);
    }

    private static List<Long> pids(String output) {
        Matcher line = PIDS.matcher(output);
        assertThat(line.find()).as(output).isTrue();
        return List.of(Long.valueOf(line.group(1)), Long.valueOf(line.group(2)), Long.valueOf(line.group(3)));
    }

    private static void onlyTheDetachedOneIsLeft(List<Long> pids) {
        Await.gone(pids.get(0));
        Await.gone(pids.get(1));
        assertThat(Await.isRunning(pids.get(2))).as("the detached one").isTrue();
        ProcessHandle.of(pids.get(2)).orElseThrow().destroyForcibly();
    }

    @EngineTest
    void childrenAndTheirDescendantsEndWithTheJvmButDetachedOnesStay(Engine engine) {
        ExecResult ended = parent(engine).exec().block(GUARD);

        assertThat(ended).isNotNull();
        onlyTheDetachedOneIsLeft(pids(ended.stdout()));
    }

    @EngineTest
    void theyAlsoEndWhenASignalEndsTheJvm(Engine engine) {
        ChildProcess jvm = parent(engine, "stay").spawn().block(GUARD);
        assertThat(jvm).isNotNull();
        StringBuilder output = new StringBuilder();
        jvm.stdout()
                .map(ChildProcessTest::text)
                .doOnNext(output::append)
                .takeUntil(text -> PIDS.matcher(output).find())
                .blockLast(GUARD);

        jvm.kill(Signal.TERM);

        assertThat(jvm.exit().block(GUARD)).isNotNull();
        onlyTheDetachedOneIsLeft(pids(output.toString()));
    }

    /** 31 of the known bugs: a hook that waits for ever. */
    @EngineTest
    void aLaunchThatHangsDoesNotKeepTheJvm(Engine engine, @TempDir Path directory) {
        Path fifo = directory.resolve("fifo");
        assertThat(Command.of("mkfifo", fifo.toString()).exec().block(GUARD)).isNotNull();

        ExecResult ended = parent(engine, "launch", fifo.toString()).exec().block(GUARD);

        assertThat(ended).isNotNull();
        assertThat(ended.stdout()).contains("launching");
    }
}
