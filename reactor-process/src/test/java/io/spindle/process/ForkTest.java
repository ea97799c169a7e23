// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import static io.spindle.process.Await.GUARD;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.channel.unix.FileDescriptor;
import io.spindle.loop.EventLoop;
import io.spindle.loop.EventLoopSpec;
import io.spindle.process.ipc.Channel;
import io.spindle.process.ipc.Reply;
import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.PrivateDirectories;
import io.spindle.testkit.Spin;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** Node's cases of {@code fork}: HC-43, HC-46, HC-61 to HC-71, HI-01, HI-04, HI-11. */
@ExtendWith({JvmWarmUp.class, LeakCheck.class})
class ForkTest {

    private final List<ForkedProcess> children = new ArrayList<>();

    private static Fork fork(Engine engine, Class<?> main, String... args) {
        return fork(main, args).options(command -> command.engine(engine));
    }

    static Fork fork(Class<?> main, String... args) {
        return Fork.of(main, args)
                .jvmArgs("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx128m")
                .options(command -> command.stdout(Output.discard())); // ours is the build's
    }

    private ForkedProcess spawn(Fork fork) {
        ForkedProcess child = Objects.requireNonNull(fork.spawn().block(GUARD));
        children.add(child);
        return child;
    }

    @AfterEach
    void end() {
        children.forEach(ForkedProcess::dispose);
        Flux.fromIterable(children).flatMap(ChildProcess::close).blockLast(GUARD);
    }

    private static <T> T ask(ForkedProcess child, String subject, Object question, Class<T> type) {
        return Objects.requireNonNull(child.channel()
                .request(subject, question)
                .map(answer -> answer.as(type))
                .block(GUARD));
    }

    private static void endsWith(ForkedProcess child, int code) {
        assertThat(Objects.requireNonNull(child.close().block(GUARD)).code()).isEqualTo(code);
        assertThat(child.channel().isDisposed()).isTrue();
    }

    @EngineTest
    void messagesGoBothWaysAndBothEndsDisconnect(Engine engine) {
        ForkedProcess child = spawn(fork(engine, Forks.Echo.class));
        Channel channel = child.channel();

        StepVerifier.create(channel.receive(String.class).take(3))
                .then(() -> Flux.just("one", "two", "größer")
                        .concatMap(channel::send)
                        .subscribe())
                .expectNext("one", "two", "größer")
                .expectComplete()
                .verify(GUARD);
        StepVerifier.create(channel.disconnect()).expectComplete().verify(GUARD);

        assertThat(channel.isDisconnected()).isTrue();
        endsWith(child, 0);
    }

    @Test
    void longMessagesArriveWhole() {
        ForkedProcess child = spawn(fork(Forks.Echo.class).jvmArgs("-Xmx256m"));
        Channel channel = child.channel();
        List<String> long4 =
                List.of("ü".repeat(400_000), "x".repeat(8 << 20), "y".repeat(8 << 20), "z".repeat(8 << 20));

        StepVerifier.create(channel.receive(String.class).take(4).collectList())
                .then(() -> Flux.fromIterable(long4).concatMap(channel::send).subscribe())
                .expectNextMatches(long4::equals)
                .expectComplete()
                .verify(GUARD);
    }

    @Test
    void noRequestOfEitherSideIsMissed() {
        Fork oracle = fork(Forks.Oracle.class, "a b", "$foo", "");
        ForkedProcess child = Objects.requireNonNull(oracle.spawn()
                .doOnNext(forked -> forked.channel()
                        .onRequest("name", question -> Mono.just(Reply.of("number " + question.as(String.class)))))
                .block(GUARD));
        children.add(child);

        assertThat(ask(child, "args", "", String[].class)).containsExactly("a b", "$foo", "");
        assertThat(ask(child, "relay", "7", String.class)).isEqualTo("I am number 7");
    }

    @EngineTest
    void theChildInheritsWhatItShouldAndItsOwnChildrenNothingOfTheChannel(Engine engine, @TempDir Path directory) {
        ForkedProcess child = spawn(fork(engine, Forks.Oracle.class)
                .jvmArgs("-Dfork.test=yes")
                .options(command -> command.env("FORK_TEST", "yes").directory(directory)));

        assertThat(ask(child, "property", "fork.test", String.class)).isEqualTo("yes");
        assertThat(ask(child, "variable", "FORK_TEST", String.class)).isEqualTo("yes");
        assertThat(ask(child, "variable", "PATH", String.class)).isEqualTo(System.getenv("PATH"));
        assertThat(ask(child, "property", "user.dir", String.class)).isEqualTo(directory.toString());
        assertThat(ask(child, "grandchild", "echo ${SPINDLE_CHANNEL-none}", String.class))
                .isEqualTo("none");
        child.channel().disconnect().block(GUARD);
        endsWith(child, 0);
    }

    @Test
    void anotherLauncherRunsTheClass(@TempDir Path directory) throws IOException {
        Path launcher = Files.writeString(
                directory.resolve("java"),
                "#!/bin/sh\nexec '" + System.getProperty("java.home") + "/bin/java' -Dlauncher=other \"$@\"\n");
        Files.setPosixFilePermissions(launcher, PosixFilePermissions.fromString("rwx------"));

        ForkedProcess child =
                spawn(fork(Forks.Oracle.class).java(launcher).classPath(System.getProperty("java.class.path")));

        assertThat(ask(child, "property", "launcher", String.class)).isEqualTo("other");
    }

    @Test
    void demandReachesTheChild() {
        ForkedProcess child = spawn(fork(Forks.Counter.class));

        StepVerifier.create(child.channel().receive(Integer.class), 0)
                .then(() -> assertThat(ask(child, "sent", "", Integer.class)).isZero())
                .thenRequest(3)
                .expectNext(1, 2, 3)
                .then(() -> assertThat(ask(child, "sent", "", Integer.class)).isEqualTo(3))
                .thenRequest(2)
                .expectNext(4, 5)
                .thenCancel()
                .verify(GUARD);
    }

    @EngineTest
    void aDescriptorIsPassedToTheChild(Engine engine) throws IOException {
        ForkedProcess child = spawn(fork(engine, Forks.Writer.class));
        FileDescriptor[] pipe = FileDescriptor.pipe();

        StepVerifier.create(child.channel().send("pipe", pipe[1]))
                .expectComplete()
                .verify(GUARD);
        pipe[1].close();

        ByteBuffer bytes = ByteBuffer.allocateDirect(64);
        int[] length = new int[1];
        Await.until("the child has written", () -> (length[0] = readInto(pipe[0], bytes)) > 0);
        byte[] line = new byte[length[0]];
        bytes.get(0, line);
        assertThat(new String(line, StandardCharsets.UTF_8)).isEqualTo("hello pipe\n");
        pipe[0].close();
    }

    private static int readInto(FileDescriptor descriptor, ByteBuffer bytes) {
        try {
            return descriptor.read(bytes, 0, bytes.capacity());
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aChildThatListensToNothingEnds() {
        endsWith(spawn(fork(Forks.Empty.class)), 0);
    }

    @Test
    void aChildThatListensAfterItHasDisconnectedEnds() {
        ForkedProcess child = spawn(fork(Forks.Leaver.class));

        StepVerifier.create(child.channel().receive()).expectComplete().verify(GUARD);
        assertThat(child.channel().isDisconnected()).isTrue();
        endsWith(child, 0);
    }

    @Test
    void aChildLivesForTheEndOfTheChannelThatItListensTo() {
        ForkedProcess child = spawn(fork(Forks.Listener.class).options(command -> command.stdout(Output.pipe())));

        StepVerifier.create(child.channel().receive(Integer.class).take(2))
                .expectNext(1, 2)
                .expectComplete()
                .verify(GUARD);
        assertThat(child.isAlive()).isTrue();
        child.channel().disconnect().block(GUARD);

        StepVerifier.create(child.stdout().map(ChildProcessTest::text).reduce("", String::concat))
                .expectNext("3\n")
                .expectComplete()
                .verify(GUARD);
        endsWith(child, 0);
    }

    @Test
    void whatAChildHasSentKeepsItAliveUntilItIsWritten() {
        ForkedProcess child = spawn(fork(Forks.LastWords.class));

        StepVerifier.create(child.channel().receive(String.class).map(String::length))
                .expectNext(3_000_000)
                .expectComplete()
                .verify(GUARD);
        endsWith(child, 0);
    }

    @Test
    void aMainMethodThatThrowsEndsTheChildAlthoughItListens() {
        ForkedProcess child = spawn(fork(Forks.Failing.class).options(command -> command.stderr(Output.pipe())));

        StepVerifier.create(child.stderr().map(ChildProcessTest::text).reduce("", String::concat))
                .expectNextMatches(text -> text.contains("IllegalStateException: on purpose"))
                .expectComplete()
                .verify(GUARD);
        endsWith(child, 1);
    }

    @EngineTest
    void aChildThatIsKilledEndsItsChannelThenItself(Engine engine) {
        ForkedProcess child = spawn(fork(engine, Forks.Echo.class));

        StepVerifier.create(child.channel().receive())
                .then(() -> assertThat(child.kill(Signal.KILL)).isTrue())
                .expectComplete()
                .verify(GUARD);

        assertThat(child.channel().isDisconnected()).isFalse();
        endsWith(child, 137);
        StepVerifier.create(child.channel().send("late")).expectError().verify(GUARD);
    }

    @EngineTest
    void aDisposedChildIsKilledAndItsChannelClosed(Engine engine) {
        ForkedProcess child = spawn(fork(engine, Forks.Echo.class));

        child.dispose();

        endsWith(child, 137);
    }

    @EngineTest
    void aTimeoutAndAGracefulEndAskByTerm(Engine engine) {
        AtomicInteger seconds = new AtomicInteger(1);
        ForkedProcess late = Objects.requireNonNull(Mono.defer(() -> fork(engine, Forks.Echo.class)
                        .options(command -> command.timeout(Duration.ofSeconds(seconds.get())))
                        .spawn())
                .doOnError(tooLateToConnect -> seconds.updateAndGet(limit -> 2 * limit)) // on a busy machine
                .retry(4)
                .block(GUARD));
        ForkedProcess child = spawn(fork(engine, Forks.Echo.class));

        assertThat(Objects.requireNonNull(child.disposeGracefully().block(GUARD))
                        .code())
                .isEqualTo(143);
        endsWith(late, 143);
    }

    @Test
    void aChildExitsWhenItsParentIsKilledUnlessItWatchesItself(@TempDir Path directory) {
        long obedient = orphan(Forks.Echo.class, directory);
        long survivor = orphan(Forks.Survivor.class, directory);

        Await.gone(obedient);
        Await.until("the survivor has outlived its parent", () -> Files.exists(directory.resolve("outlived")));
        assertThat(Await.isRunning(survivor)).isTrue();
        ProcessHandle.of(survivor).orElseThrow().destroyForcibly();
        Await.gone(survivor);
    }

    @Test
    void aProgramWithAChannelIsKilledWhenItsParentIs(@TempDir Path directory) {
        long program = orphan(Forks.ParentOfAProgram.class, Forks.Survivor.class, directory);

        Await.gone(program);
        assertThat(directory.resolve("outlived")).doesNotExist();
    }

    private static long orphan(Class<?> child, Path directory) {
        return orphan(Forks.Parent.class, child, directory);
    }

    /** Returns the process id of a child whose parent has been killed, perhaps before its directory was removed. */
    private static long orphan(Class<?> parentMain, Class<?> child, Path directory) {
        Command command = Command.of(
                        System.getProperty("java.home") + "/bin/java",
                        "-Djava.io.tmpdir=" + directory,
                        "-cp",
                        System.getProperty("java.class.path"),
                        parentMain.getName(),
                        child.getName())
                .env(Forks.Survivor.SAYS_SO, directory.resolve("outlived").toString())
                .stderr(Output.inherit());
        ChildProcess parent = Objects.requireNonNull(command.spawn().block(GUARD));
        String line = Objects.requireNonNull(parent.stdout()
                .map(ChildProcessTest::text)
                .scan("", String::concat)
                .filter(text -> text.matches("(?s).*forked \\d+\\n.*"))
                .next()
                .block(GUARD));
        parent.kill(Signal.KILL);
        parent.exit().block(GUARD);
        return Long.parseLong(line.replaceAll("(?s).*forked (\\d+)\\n.*", "$1"));
    }

    @EngineTest
    void aChildThatEndsBeforeItConnectsIsAnErrorThatSaysWhy(Engine engine) {
        StepVerifier.create(Fork.of(Command.shell("echo no idea >&2; exit 3").engine(engine))
                        .spawn())
                .expectErrorSatisfies(error -> {
                    assertThat(error)
                            .isInstanceOf(ForkException.class)
                            .hasMessageContaining("exit code 3 before it connected")
                            .hasMessageEndingWith("no idea");
                    assertThat(((ForkException) error).status().orElseThrow().code())
                            .isEqualTo(3);
                })
                .verify(GUARD);
    }

    @EngineTest
    void aChildThatDoesNotConnectInTimeIsKilled(Engine engine) {
        StepVerifier.create(Fork.of(Command.of("sleep", "300").engine(engine))
                        .connectTimeout(Duration.ofMillis(100))
                        .spawn())
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(ForkException.class)
                        .hasMessageContaining("had not connected after PT0.1S"))
                .verify(GUARD);
    }

    @Test
    void aProgramThatIsMissingIsTheUsualError() {
        StepVerifier.create(Fork.of(Command.of("no-such-program-anywhere")).spawn())
                .expectError(SpawnException.class)
                .verify(GUARD);
        StepVerifier.create(
                        fork(Forks.Empty.class).java(Path.of("/no/such/java")).spawn())
                .expectError(SpawnException.class)
                .verify(GUARD);
    }

    @EngineTest
    void cancelBeforeItHasConnectedKillsTheChild(Engine engine, @TempDir Path directory) {
        Path file = directory.resolve("pid");
        Command command =
                Command.shell("echo $$ > " + file + "; exec sleep 300").engine(engine);

        StepVerifier.create(Fork.of(command).spawn())
                .then(() -> Await.until("it has started", () -> read(file).endsWith("\n")))
                .thenCancel()
                .verify(GUARD);

        Await.gone(Long.parseLong(read(file).strip()));
    }

    /** Each at another moment: the child goes from thread to thread before it is known to who asked for it. */
    @EngineTest
    void cancelAtAnyMomentOfTheStartKillsTheChild(Engine engine) {
        Fork fork = Fork.of(Command.of("sleep", "300").engine(engine));

        for (int i = 0; i < 150; i++) {
            long before = ProcessMetrics.snapshot().spawned();
            Disposable start = fork.spawn().subscribe();
            Spin.until(() -> ProcessMetrics.snapshot().spawned() > before);
            Spin.during(Duration.ofNanos(2_000L * i));
            start.dispose();
        }

        Await.until("no child runs", () -> Await.runningChildren() == 0);
    }

    @EngineTest
    void theEndOfTheLoopAtAnyMomentOfTheStartIsToldAndKillsTheChild(Engine engine) {
        Fork fork = Fork.of(Command.of("sleep", "300").engine(engine));
        Set<Path> before = PrivateDirectories.ofThisJvm();

        for (int i = 0; i < 100; i++) {
            long spawned = ProcessMetrics.snapshot().spawned();
            EventLoop loop = EventLoop.create("ending");
            CompletableFuture<String> told = new CompletableFuture<>();
            loop.schedule(
                    () -> fork.spawn().subscribe(child -> told.complete("started"), e -> told.complete("failed")));
            Spin.until(() -> ProcessMetrics.snapshot().spawned() > spawned);
            Spin.during(Duration.ofNanos(2_000L * i));
            loop.dispose();
            assertThat(told).succeedsWithin(GUARD).isEqualTo("failed");
        }

        Await.until("no child runs", () -> Await.runningChildren() == 0);
        Await.until("no directory is left", () -> before.containsAll(PrivateDirectories.ofThisJvm()));
    }

    private static String read(Path file) {
        try {
            return Files.exists(file) ? Files.readString(file) : "";
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void onALoopEverythingComesHomeAndTheLoopLivesAsLongAsTheChild() {
        List<String> threads = new ArrayList<>();

        int code = EventLoop.run(loop -> fork(Forks.Echo.class)
                .spawn()
                .doOnNext(child -> threads.add(Thread.currentThread().getName()))
                .flatMap(child -> child.channel().send("x").thenReturn(child))
                .flatMap(child -> child.channel()
                        .receive(String.class)
                        .next()
                        .doOnNext(text -> threads.add(Thread.currentThread().getName() + " " + text))
                        .then(child.channel().disconnect())
                        .then(child.close()))
                .subscribe(status -> threads.add(Thread.currentThread().getName() + " " + status)));

        assertThat(code).isZero();
        assertThat(threads).containsExactly("main", "main x", "main exit code 0");
    }

    /** It connects on the shared loop while its home, where we hear of it, is held. */
    @Test
    void aChildThatConnectsBeforeItsStartIsKnownIsWelcomeAndMissesNoHandler(@TempDir Path directory) {
        Path output = directory.resolve("output");
        ProcessLimit one = ProcessLimit.of(1);
        EventLoop home = EventLoopSpec.of("home").nativeTransport(false).start();
        Mono<ForkedProcess> forked = fork(Forks.Asker.class)
                .options(command -> command.stdout(Output.file(output)).limit(one))
                .spawn()
                .doOnNext(child -> {
                    boolean athome = home.inLoop();
                    child.channel().onRequest("name", question -> Mono.just(Reply.of("at home: " + athome)));
                });
        ChildProcess first = Objects.requireNonNull(
                Command.of("sleep", "300").limit(one).spawn().block(GUARD));
        Mono<ForkedProcess> early = forked.subscribeOn(home).cache();
        early.subscribe(children::add, error -> {});
        Await.until("the child waits for its turn", () -> one.waiting() == 1);
        CountDownLatch release = new CountDownLatch(1);
        home.schedule(() -> Spin.until(release));

        first.dispose();
        Await.until("it has connected", () -> read(output).startsWith("connected"));
        release.countDown();

        StepVerifier.create(early).expectNextCount(1).expectComplete().verify(GUARD);
        Await.until("it has an answer", () -> read(output).equals("connected\nat home: true\n"));
        home.dispose();
        home.onDispose().block(GUARD);
    }

    @Test
    void thisJvmHasNoParent() {
        StepVerifier.create(Channel.parent()).expectComplete().verify(GUARD);
    }

    @Test
    void mistakesAreThrownAtTheCall() {
        assertThatThrownBy(() -> Fork.of(ForkTest.class))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("main must have a main method, was class");
        assertThatThrownBy(() -> Fork.of(Forks.Empty.class, "a\0b")).hasMessageContaining("NUL");
        assertThatThrownBy(() -> fork(Forks.Empty.class).jvmArgs("-D\0")).hasMessageContaining("NUL");
        assertThatThrownBy(() -> fork(Forks.Empty.class).connectTimeout(Duration.ZERO))
                .hasMessage("connectTimeout must be positive, was PT0S");
        assertThatThrownBy(() -> Fork.of(Command.of("node")).jvmArgs("-Xmx1m"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("this is one of node");
        ForkedProcess child = spawn(fork(Forks.Echo.class));
        assertThatThrownBy(() -> child.channel().send(nothing())).isInstanceOf(NullPointerException.class);
        assertThat(Fork.of(Command.of("node", "x.js")).args("y")).hasToString("node x.js y");
    }

    @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"}) // a mistake on purpose
    private static <T> T nothing() {
        return null;
    }
}
