// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import static io.spindle.process.Await.GUARD;
import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.testkit.LeakCheck;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

/** Children that notice nothing when their JVM is killed: something beside it has to end them. */
@ExtendWith({JvmWarmUp.class, LeakCheck.class})
class GuardTest {

    /** Starts a tree that neither reads nor writes and a detached child, says who they are, again for each line it reads. */
    static final class Parent {

        private Parent() {}

        public static void main(String[] args) throws IOException {
            do {
                ChildProcess tree = spawned(Command.shell("sleep 300 >/dev/null 2>&1 & echo $!; wait"));
                String below = tree.stdout().map(ChildProcessTest::text).next().block(GUARD);
                ChildProcess detached = spawned(Command.of("sleep", "300").detached(true));
                System.out.println(Objects.requireNonNull(below).strip() + " " + tree.pid() + " " + detached.pid());
            } while (System.in.read() == '\n');
        }

        private static ChildProcess spawned(Command command) {
            return Objects.requireNonNull(
                    command.stderr(Output.discard()).spawn().block(GUARD));
        }
    }

    private static ChildProcess parent(Engine engine, String... flags) {
        Command jvm = EngineJvm.command(engine, Parent.class, flags);
        return Objects.requireNonNull(
                jvm.stdin(Input.pipe()).stderr(Output.discard()).spawn().block(GUARD));
    }

    private static List<Long> pids(String line) {
        return Stream.of(line.split(" ", -1)).map(Long::valueOf).toList();
    }

    private static Flux<List<Long>> trees(ChildProcess jvm) {
        return jvm.stdout()
                .map(ChildProcessTest::text)
                .concatMapIterable(text -> text.lines().toList())
                .filter(line -> line.matches("\\d+ \\d+ \\d+"))
                .map(GuardTest::pids);
    }

    private static List<Long> firstTree(ChildProcess jvm) {
        return Objects.requireNonNull(trees(jvm).blockFirst(GUARD));
    }

    private static void kill(ChildProcess jvm) {
        assertThat(jvm.kill(Signal.KILL)).isTrue();
        assertThat(jvm.exit().block(GUARD)).isNotNull();
    }

    private static void kill(long pid) {
        ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
    }

    private static void onlyTheDetachedOneIsLeft(List<Long> tree) {
        Await.gone(tree.get(0));
        Await.gone(tree.get(1));
        assertThat(Await.isRunning(tree.get(2))).as("the detached one").isTrue();
        kill(tree.get(2));
    }

    private static Optional<ProcessHandle> guardOf(long jvm) {
        return ProcessHandle.allProcesses()
                .filter(each -> each.info().commandLine().orElse("").endsWith(" spindle-guard " + jvm)
                        && Await.isRunning(each.pid()))
                .findFirst();
    }

    /** It is there a moment after its launcher has ended. */
    private static ProcessHandle awaitGuardOf(long jvm) {
        Await.until("there is a guard", () -> guardOf(jvm).isPresent());
        return guardOf(jvm).orElseThrow();
    }

    @EngineTest
    void childrenAndTheirDescendantsEndWhenTheJvmIsKilledButDetachedOnesStay(Engine engine) {
        ChildProcess jvm = parent(engine);
        List<Long> tree = firstTree(jvm);

        kill(jvm);

        onlyTheDetachedOneIsLeft(tree);
        Await.until("the guard has ended", () -> guardOf(jvm.pid()).isEmpty());
    }

    @EngineTest
    void itCanBeSwitchedOff(Engine engine) {
        ChildProcess jvm = parent(engine, "-Dspindle.process.guard=false");
        List<Long> tree = firstTree(jvm);

        assertThat(guardOf(jvm.pid())).isEmpty();
        kill(jvm);

        assertThat(tree).allMatch(Await::isRunning);
        tree.forEach(GuardTest::kill);
    }

    @EngineTest
    void itEndsWithAJvmThatEndsByItself(Engine engine) {
        ChildProcess jvm = parent(engine);
        List<Long> tree = firstTree(jvm);
        awaitGuardOf(jvm.pid());

        jvm.stdin().end().block(GUARD);

        assertThat(Objects.requireNonNull(jvm.exit().block(GUARD)).code()).isZero();
        onlyTheDetachedOneIsLeft(tree);
        Await.until("the guard has ended", () -> guardOf(jvm.pid()).isEmpty());
    }

    @EngineTest
    void itIsNobodysChildAndHoldsNothingOpenButItsPipe(Engine engine) {
        ChildProcess jvm = parent(engine);
        List<Long> tree = firstTree(jvm);

        ProcessHandle guard = awaitGuardOf(jvm.pid());

        Await.until("what its shell held has gone", () -> descriptors(guard).size() == 3);
        assertThat(guard.parent().map(ProcessHandle::pid)).isNotEqualTo(Optional.of(jvm.pid()));
        assertThat(descriptors(guard)).filteredOn("/dev/null"::equals).hasSize(2);
        assertThat(descriptors(guard))
                .filteredOn(each -> each.startsWith("pipe:"))
                .hasSize(1);
        kill(jvm);
        onlyTheDetachedOneIsLeft(tree);
    }

    private static List<String> descriptors(ProcessHandle process) {
        try (Stream<Path> all = Files.list(Path.of("/proc/" + process.pid() + "/fd"))) {
            return all.map(each -> {
                        try {
                            return Files.readSymbolicLink(each).toString();
                        } catch (IOException e) {
                            return each + " has gone";
                        }
                    })
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @EngineTest
    void oneThatWasKilledIsReplacedWhenAChildIsStartedAndToldOfAll(Engine engine) {
        ChildProcess jvm = parent(engine);
        List<List<Long>> seen = new CopyOnWriteArrayList<>();
        trees(jvm).subscribe(seen::add);
        Await.until("the first tree is there", () -> seen.size() == 1);
        ProcessHandle first = awaitGuardOf(jvm.pid());
        first.destroyForcibly();
        Await.gone(first.pid());

        jvm.stdin().write("\n").block(GUARD);
        Await.until("the second tree is there", () -> seen.size() == 2);
        awaitGuardOf(jvm.pid());
        kill(jvm);

        seen.forEach(GuardTest::onlyTheDetachedOneIsLeft);
    }

    /** The number of a process that has ended may be given to another one. */
    @Test
    void itKillsNobodyWhoWasStartedAtAnotherTime() throws IOException {
        List<ChildProcess> sleepers = Objects.requireNonNull(Flux.range(0, 2)
                .concatMap(i -> Command.of("sleep", "300").spawn())
                .collectList()
                .block(GUARD));
        long known = sleepers.get(0).pid();
        long other = sleepers.get(1).pid();
        String stat = Files.readString(Path.of("/proc/" + known + "/stat"));
        String start = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1)[19];

        StepVerifier.create(Command.of("/bin/sh", "-c", GuardScript.WATCH)
                        .stdin(Input.of("1 " + known + " " + start + " 0\n3 " + other + " 1" + start + " 0\n"))
                        .exec())
                .expectNextCount(1)
                .expectComplete()
                .verify(GUARD);

        Await.gone(known);
        assertThat(Await.isRunning(other)).isTrue();
        sleepers.get(1).dispose();
        sleepers.get(1).close().block(GUARD);
    }
}
