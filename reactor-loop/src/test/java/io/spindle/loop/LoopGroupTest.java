// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.netty.channel.IoEventLoop;
import io.spindle.testkit.LeakCheck;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.RejectedExecutionException;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.netty.resources.LoopResources;

@ParameterizedClass(name = "native transport: {0}")
@ValueSource(booleans = {true, false})
@ExtendWith(LeakCheck.class)
class LoopGroupTest {

    private static final Duration LIMIT = Duration.ofSeconds(20);

    private final LoopGroup group;

    LoopGroupTest(boolean nativeTransport) {
        group = LoopGroup.of(EventLoopSpec.of("group-test").nativeTransport(nativeTransport), 3);
    }

    @AfterEach
    void dispose() {
        group.dispose();
        group.onDispose().block(LIMIT);
    }

    @Test
    void theLoopsAreNumberedAndTakenInTurn() {
        List<EventLoop> loops = group.loops();

        assertThat(loops).extracting(EventLoop::name).containsExactly("group-test-1", "group-test-2", "group-test-3");
        assertThat(Stream.generate(group::next).limit(6))
                .containsExactly(loops.get(0), loops.get(1), loops.get(2), loops.get(0), loops.get(1), loops.get(2));
    }

    @Test
    void onALoopOfTheGroupTheNextOneIsThatLoop() {
        EventLoop second = group.loops().get(1);

        List<EventLoop> next = Mono.fromCallable(() -> List.of(group.next(), group.next()))
                .subscribeOn(second)
                .block(LIMIT);

        assertThat(next).containsExactly(second, second);
    }

    @Test
    void aClientOnALoopOfTheGroupStaysThereAndItsResourcesBelongToTheGroup() {
        EventLoop second = group.loops().get(1);
        LoopResources resources = group.resources();

        IoEventLoop chosen = Mono.fromCallable(
                        () -> (IoEventLoop) resources.onClient(true).next())
                .subscribeOn(second)
                .block(LIMIT);
        assertThat(chosen).isSameAs(second.netty());
        assertThat(resources.daemon()).isTrue();
        resources.dispose();
        resources.disposeLater().block(LIMIT);
        assertThat(resources.isDisposed()).isFalse();
        assertThat(group.isDisposed()).isFalse();
    }

    @Test
    void aGracefulEndWaitsForTheWorkOfEachLoopAndRejectsNewWork() {
        List<String> ran = new CopyOnWriteArrayList<>();
        for (EventLoop loop : group.loops()) {
            loop.setTimeout(Duration.ofMillis(30), () -> ran.add(loop.name()));
        }

        group.disposeGracefully().block(LIMIT);

        assertThat(ran).containsExactlyInAnyOrder("group-test-1", "group-test-2", "group-test-3");
        assertThat(group.isDisposed()).isTrue();
        assertThatExceptionOfType(RejectedExecutionException.class)
                .isThrownBy(() -> group.next().schedule(() -> {}));
    }
}
