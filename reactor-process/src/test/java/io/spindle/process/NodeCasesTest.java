// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import static io.spindle.process.Await.GUARD;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.Unpooled;
import io.spindle.loop.EventLoop;
import io.spindle.testkit.LeakCheck;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** Cases of Node's own tests of {@code child_process} that no other test has; all are in docs/design/process-node.md. */
@ExtendWith({JvmWarmUp.class, LeakCheck.class})
class NodeCasesTest {

    private static ChildProcess spawn(Command command, Engine engine) {
        return Objects.requireNonNull(command.engine(engine).spawn().block(GUARD));
    }

    @EngineTest
    void hc11AllOfALongOutputComesBeforeClose(Engine engine) {
        List<String> order = new ArrayList<>(); // in the order of the loop

        EventLoop.run(loop -> Command.of("head", "-c", "500000", "/dev/zero")
                .engine(engine)
                .spawn()
                .subscribe(child -> {
                    child.close().subscribe(status -> order.add("close, " + status));
                    child.stdout()
                            .map(ChildProcessTest::text)
                            .reduce(0, (sum, text) -> sum + text.length())
                            .subscribe(count -> order.add(count + " characters"));
                }));

        assertThat(order).containsExactly("500000 characters", "close, exit code 0");
    }

    @EngineTest
    void hc13CloseComesAlthoughNobodyReads(Engine engine) {
        ChildProcess child = spawn(Command.shell("seq 100000; seq 100000 >&2"), engine);

        assertThat(child.close().block(GUARD)).matches(ExitStatus::isSuccess);
    }

    @EngineTest
    void hc16EveryListenerGetsTheSignalThatEndedIt(Engine engine) {
        ChildProcess cat = spawn(Command.of("cat").stdin(Input.pipe()), engine);
        List<ExitStatus> told = new CopyOnWriteArrayList<>(); // who comes after the end is told where it subscribes
        Mono<Void> both = Mono.when(cat.exit().doOnNext(told::add), cat.exit().doOnNext(told::add));

        assertThat(cat.isAlive()).isTrue();
        assertThat(cat.kill(Signal.TERM)).isTrue();
        both.block(GUARD);

        assertThat(told).hasSize(2).allSatisfy(status -> {
            assertThat(status.signal()).contains(Signal.TERM);
            assertThat(status.code()).isEqualTo(143);
        });
        cat.close().block(GUARD);
        assertThat(cat.kill(Signal.TERM)).isFalse();
    }

    @EngineTest
    void hc26OutputIsToBeHadAsBytes(Engine engine) {
        byte[] bytes = {0, (byte) 0xff, (byte) 0xc3, 10};

        ByteArrayOutputStream read = new ByteArrayOutputStream();
        Command.of("cat")
                .stdin(Input.of(bytes))
                .engine(engine)
                .output()
                .doOnNext(chunk -> {
                    byte[] part = new byte[chunk.readableBytes()];
                    chunk.readBytes(part).release();
                    read.writeBytes(part);
                })
                .blockLast(GUARD);

        assertThat(read.toByteArray()).isEqualTo(bytes);
    }

    @EngineTest
    void hc44ATimeoutSendsTheKillSignalOfTheCommand(Engine engine) {
        Command endless =
                Command.of("sleep", "300").timeout(Duration.ofMillis(5)).engine(engine);

        StepVerifier.create(endless.exec())
                .expectErrorSatisfies(error ->
                        assertThat(((ExecException) error).status().signal()).contains(Signal.TERM))
                .verify(GUARD);
        StepVerifier.create(endless.killSignal(Signal.KILL).exec())
                .expectErrorSatisfies(error -> {
                    ExecException expired = (ExecException) error;
                    assertThat(expired.status().signal()).contains(Signal.KILL);
                    assertThat(expired.reason()).isEqualTo(ExecException.Reason.TIMEOUT);
                    assertThat(expired.stdout() + expired.stderr()).isEmpty();
                })
                .verify(GUARD);
    }

    @EngineTest
    void hc47AMissingProgramInAShellIsAnExitCode(Engine engine) {
        StepVerifier.create(Command.shell("no-such-program-anywhere")
                        .exitCodes(127)
                        .engine(engine)
                        .exec())
                .assertNext(result -> assertThat(result.stderr()).contains("not found"))
                .expectComplete()
                .verify(GUARD);
    }

    @EngineTest
    void hc50And53And55BlockingThrowsWhatItIsToldOrReturnsTheText(Engine engine) {
        assertThatThrownBy(() -> Command.of("no-such-program-anywhere")
                        .engine(engine)
                        .exec()
                        .block(GUARD))
                .isInstanceOf(SpawnException.class)
                .hasMessageContaining("no-such-program-anywhere");
        assertThatThrownBy(() -> Command.of("sleep", "300")
                        .timeout(Duration.ofMillis(20))
                        .engine(engine)
                        .exec()
                        .block(GUARD))
                .isInstanceOf(ExecException.class)
                .hasMessageContaining("time-out of PT0.02S");
        assertThat(Objects.requireNonNull(
                                Command.of("echo", "ok").engine(engine).exec().block(GUARD))
                        .stdout())
                .isEqualTo("ok\n");
    }

    @EngineTest
    void hc58WhatTwoChildrenWriteGoesIntoAThirdInOrder(Engine engine) {
        ChildProcess third = spawn(Command.of("cat").stdin(Input.pipe()), engine);
        ChildInput stdin = third.stdin();
        Command one = Command.of("cat").stdin(Input.of("one\n")).engine(engine);
        Command two = Command.of("cat").stdin(Input.of("two\n")).engine(engine);

        StepVerifier.create(third.stdout().map(ChildProcessTest::text).reduce("", String::concat))
                .then(() -> Flux.concat(
                                stdin.write(one.output()),
                                stdin.write(two.output()),
                                stdin.write(Mono.fromSupplier(() -> Unpooled.wrappedBuffer(new byte[] {'3', '\n'}))),
                                stdin.end())
                        .subscribe())
                .expectNext("one\ntwo\n3\n")
                .expectComplete()
                .verify(GUARD);
        third.close().block(GUARD);
    }
}
