// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import static io.spindle.process.Await.GUARD;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.spindle.testkit.LeakCheck;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.test.publisher.TestPublisher;

/** Node's cases HC-05, HC-10, HC-56 and HC-58: a stdin that is written while the child runs. */
@ExtendWith({JvmWarmUp.class, LeakCheck.class})
class ChildInputTest {

    private static ChildProcess spawn(Command command, Engine engine) {
        return Objects.requireNonNull(
                command.stdin(Input.pipe()).engine(engine).spawn().block(GUARD));
    }

    private static Mono<String> text(ChildProcess child) {
        return child.stdout().map(ChildProcessTest::text).reduce("", String::concat);
    }

    @EngineTest
    void piecesArriveInOrderAndTheEndEndsTheChild(Engine engine) {
        ChildProcess cat = spawn(Command.of("cat"), engine);
        ChildInput stdin = cat.stdin();

        StepVerifier.create(text(cat))
                .then(() -> Flux.just("hello", " ", "wörld")
                        .concatMap(stdin::write)
                        .then(stdin.end())
                        .block(GUARD))
                .expectNext("hello wörld")
                .expectComplete()
                .verify(GUARD);
        assertThat(Objects.requireNonNull(cat.close().block(GUARD)).isSuccess()).isTrue();
        assertThat(cat.stdin()).isSameAs(stdin);
    }

    @EngineTest
    void aDialogueGoesStepByStep(Engine engine) {
        ChildProcess cat = spawn(Command.of("cat"), engine);

        StepVerifier.create(cat.stdout().map(ChildProcessTest::text))
                .then(() -> cat.stdin().write("one\n").block(GUARD))
                .expectNext("one\n")
                .then(() -> cat.stdin().write("two\n").block(GUARD))
                .expectNext("two\n")
                .then(() -> cat.stdin().end().block(GUARD))
                .expectComplete()
                .verify(GUARD);
        cat.close().block(GUARD);
    }

    @EngineTest
    void writesSubscribedToAtOnceDoNotMix(Engine engine) {
        ChildProcess cat = spawn(Command.of("cat"), engine);
        List<String> lines = IntStream.range(0, 100)
                .mapToObj(i -> (i + "x").repeat(500) + "\n")
                .toList();

        StepVerifier.create(text(cat))
                .then(() -> Flux.fromIterable(lines)
                        .flatMapSequential(
                                line -> cat.stdin()
                                        .write(Flux.fromStream(line.chars()
                                                .mapToObj(c -> Unpooled.wrappedBuffer(new byte[] {(byte) c})))),
                                100)
                        .then(cat.stdin().end())
                        .subscribe())
                .expectNext(lines.stream().collect(Collectors.joining()))
                .expectComplete()
                .verify(GUARD);
        cat.close().block(GUARD);
    }

    @EngineTest
    void aWriteWaitsForTheChildToRead(Engine engine) {
        ChildProcess child = spawn(Command.shell("read go; kill -STOP $$; wc -c"), engine);
        AtomicInteger made = new AtomicInteger();
        int chunks = 1000;
        Flux<ByteBuf> big = Flux.range(0, chunks).map(i -> {
            made.incrementAndGet();
            return Unpooled.wrappedBuffer(new byte[10_000]);
        });
        List<String> done = new ArrayList<>();

        Mono<Void> written =
                child.stdin().write("go\n").then(child.stdin().write(big).doOnSuccess(nothing -> done.add("written")));
        StepVerifier.create(text(child))
                .then(() -> written.then(child.stdin().end()).subscribe())
                .then(() -> Await.until("the pipe is full", () -> made.get() > 6))
                .then(() -> Await.until("it is stopped", () -> Await.state(child.pid()) == 'T'))
                .then(() -> {
                    assertThat(made.get()).isLessThan(chunks);
                    assertThat(done).isEmpty();
                    child.kill(Signal.CONT);
                })
                .expectNext(chunks * 10_000 + "\n")
                .expectComplete()
                .verify(GUARD);
        assertThat(done).containsExactly("written");
        child.close().block(GUARD);
    }

    @EngineTest
    void anErrorOfAWriteIsItsOwnAndTheInputGoesOn(Engine engine) {
        ChildProcess cat = spawn(Command.of("cat"), engine);

        StepVerifier.create(cat.stdin().write(Flux.concat(buffer("a"), Mono.error(new IllegalStateException("no")))))
                .expectErrorMessage("no")
                .verify(GUARD);
        StepVerifier.create(text(cat))
                .then(() -> cat.stdin().write("b").then(cat.stdin().end()).block(GUARD))
                .expectNext("ab")
                .expectComplete()
                .verify(GUARD);
        cat.close().block(GUARD);
    }

    private static Mono<ByteBuf> buffer(String text) {
        return Mono.fromSupplier(() -> Unpooled.copiedBuffer(text, java.nio.charset.StandardCharsets.UTF_8));
    }

    @EngineTest
    void aCancelledWriteMakesRoomForTheNext(Engine engine) {
        ChildProcess cat = spawn(Command.of("cat"), engine);
        TestPublisher<ByteBuf> stalled = TestPublisher.create();
        TestPublisher<ByteBuf> notYet = TestPublisher.create();
        Disposable first = cat.stdin().write(stalled.flux()).subscribe();
        Await.until("it is its turn", stalled::wasSubscribed);
        StepVerifier.create(cat.stdin().write(notYet.flux())).thenCancel().verify(GUARD);

        first.dispose();

        StepVerifier.create(text(cat))
                .then(() -> cat.stdin().write("next").then(cat.stdin().end()).block(GUARD))
                .expectNext("next")
                .expectComplete()
                .verify(GUARD);
        stalled.assertCancelled();
        notYet.assertWasNotSubscribed();
        cat.close().block(GUARD);
    }

    @EngineTest
    void whatIsLeftFailsWhenTheChildEndsOrReadsNoMore(Engine engine) {
        ChildProcess child = spawn(Command.shell("exec <&-; sleep 300"), engine);
        StepVerifier pending = StepVerifier.create(child.stdin().write(Flux.never()))
                .expectError(InputClosedException.class)
                .verifyLater();

        child.dispose();

        pending.verify(GUARD);
        child.close().block(GUARD);
        StepVerifier.create(child.stdin().write("late"))
                .expectError(InputClosedException.class)
                .verify(GUARD);
        StepVerifier.create(child.stdin().end()).expectComplete().verify(GUARD);
    }

    @EngineTest
    void afterTheEndNothingIsWrittenAndASecondEndIsNone(Engine engine) {
        ChildProcess cat = spawn(Command.of("cat"), engine);
        ChildInput stdin = cat.stdin();

        StepVerifier.create(Mono.when(stdin.write("x"), stdin.end(), stdin.end()))
                .expectComplete()
                .verify(GUARD);

        StepVerifier.create(stdin.write("y"))
                .expectError(InputClosedException.class)
                .verify(GUARD);
        StepVerifier.create(text(cat)).expectNext("x").expectComplete().verify(GUARD);
        cat.close().block(GUARD);
    }

    @EngineTest
    void childrenAreConnectedByHand(Engine engine) {
        ChildProcess grep = spawn(Command.of("grep", "o"), engine);
        ChildProcess sed = spawn(Command.of("sed", "s/o/O/"), engine);
        Mono<ExecResult> echo =
                Command.of("printf", "hello\\nnode\\nand\\nworld\\n").exec();

        StepVerifier.create(text(sed))
                .then(() -> echo.flatMap(result -> grep.stdin().write(result.stdout()))
                        .then(grep.stdin().end())
                        .subscribe())
                .then(() ->
                        sed.stdin().write(grep.stdout()).then(sed.stdin().end()).subscribe())
                .expectNext("hellO\nnOde\nwOrld\n")
                .expectComplete()
                .verify(GUARD);
        Mono.when(grep.close(), sed.close()).block(GUARD);
    }

    @EngineTest
    void theFirstStageOfAPipelineIsWrittenToo(Engine engine) {
        ChildPipeline pipeline = Objects.requireNonNull(Command.of("cat")
                .engine(engine)
                .stdin(Input.pipe())
                .pipe(Command.of("tr", "a-z", "A-Z").engine(engine))
                .spawn()
                .block(GUARD));
        ChildInput stdin = pipeline.stages().get(0).stdin();

        StepVerifier.create(pipeline.stdout().map(ChildProcessTest::text).reduce("", String::concat))
                .then(() -> stdin.write("text").then(stdin.end()).block(GUARD))
                .expectNext("TEXT")
                .expectComplete()
                .verify(GUARD);
        pipeline.close().block(GUARD);
    }

    @Test
    void onlyASpawnedChildWithAPipeIsWritten() {
        Command cat = Command.of("cat").stdin(Input.pipe());
        ChildProcess fed = Objects.requireNonNull(
                Command.of("cat").stdin(Input.of("x")).spawn().block(GUARD));

        assertThatThrownBy(fed::stdin).hasMessage("stdin of cat is not Input.pipe()");
        assertThatThrownBy(cat::exec)
                .hasMessage(
                        "stdin must not be Input.pipe(), which is for spawn() and nobody could write here, was that for cat");
        assertThatThrownBy(cat::lines).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(cat::output).isInstanceOf(IllegalArgumentException.class);
        fed.dispose();
        fed.close().block(GUARD);
    }
}
