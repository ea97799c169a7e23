// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.testkit.Spin;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

/** Callbacks and handles that other threads queue, clear, reference and close. */
class HandlesFromOutsideTest extends OneLoop {

    @Test
    void whatIsClearedFromOutsideDoesNotRun() throws InterruptedException {
        List<String> log = new CopyOnWriteArrayList<>();
        CountDownLatch release = hold();
        List<Handle> handles = List.of(
                loop.setTimeout(Duration.ofMillis(1), () -> log.add("timeout")),
                loop.setInterval(Duration.ofMillis(1), () -> log.add("interval")),
                loop.setImmediate(() -> log.add("immediate")));
        handles.forEach(Handle::dispose); // before the loop has seen them
        release.countDown();
        Mono.delay(Duration.ofMillis(20), loop).block(LIMIT);

        assertThat(log).isEmpty();
        assertThat(handles).allMatch(Handle::isDisposed);
        assertThat(loop.metrics().timers()).isZero();
        assertThat(loop.metrics().resources()).isEmpty();
    }

    @Test
    void ticksAndMicrotasksFromOutsideRunInTheOrderOfTheirPosts() throws InterruptedException {
        List<String> log = new CopyOnWriteArrayList<>();
        CountDownLatch release = hold();
        loop.queueMicrotask(() -> log.add("microtask"));
        loop.schedule(() -> {
            log.add("task");
            loop.queueMicrotask(() -> log.add("microtask of task"));
            loop.nextTick(() -> log.add("tick of task"));
        });
        loop.nextTick(() -> log.add("tick"));
        release.countDown();
        settle();

        assertThat(log).containsExactly("microtask", "task", "tick of task", "microtask of task", "tick");
    }

    @Test
    void immediatesFromOutsideRunUnlessTheyAreClearedAndMayQueueMore() {
        List<String> log = new CopyOnWriteArrayList<>();

        spec("outside").run(program -> {
            CountDownLatch set = new CountDownLatch(1);
            new Thread(() -> {
                        program.setImmediate(() -> log.add("unreferenced")).unref();
                        program.setImmediate(() -> log.add("cleared")).dispose();
                        program.setImmediate(() -> log.add("runs")).unref().ref();
                        program.setImmediate(() -> program.setImmediate(() -> log.add("and then")));
                        set.countDown();
                    })
                    .start();
            Spin.until(set); // the loop has seen none of them yet
        });

        assertThat(log).containsExactly("unreferenced", "runs", "and then");
    }

    @Test
    void whatIsDoneToAnImmediateThatHasRunChangesNothing() {
        Handle ran = loop.setImmediate(() -> {});
        aTurn();
        ran.unref();
        List<String> resources = new ArrayList<>();
        onLoop(() -> {
            ran.dispose();
            ran.ref();
            ran.unref();
            loop.setImmediate(() -> {});
            resources.addAll(loop.metrics().resources());
        });

        assertThat(resources).containsExactly("Immediate");
    }

    @Test
    void whatHoldsTheLoopIsCountedWhateverIsDoneToImmediatesByWhom() throws InterruptedException {
        long seed = System.nanoTime();
        SplittableRandom random = new SplittableRandom(seed);
        for (int round = 0; round < 50; round++) {
            CountDownLatch gate = new CountDownLatch(1);
            List<Handle> handles = new ArrayList<>();
            CountDownLatch changed = new CountDownLatch(1);
            onLoop(() -> loop.setImmediate(
                    () -> { // what it queues waits for the next turn
                        for (int i = 0; i < 8; i++) {
                            handles.add(loop.setImmediate(() -> {}));
                        }
                        random.ints(16, 0, 3).forEach(what -> change(handles.get(random.nextInt(8)), what));
                        gate.countDown();
                        Spin.until(changed);
                    }));
            await(gate);
            for (int i = 0; i < 4; i++) { // with what follows less than the sixteen tasks that surely share a turn
                handles.add(loop.setImmediate(() -> {}));
            }
            random.ints(8, 0, 3).forEach(what -> change(handles.get(random.nextInt(12)), what));
            long referenced = handles.stream()
                    .filter(handle -> handle.hasRef() && !handle.isDisposed())
                    .count();
            AtomicLong counted = new AtomicLong(-1);
            loop.schedule(() -> counted.set(loop.metrics().resources().stream()
                    .filter("Immediate"::equals)
                    .count()));
            changed.countDown();
            Spin.until(() -> counted.get() >= 0);

            assertThat(counted).as("round %d of seed %d", round, seed).hasValue(referenced);
            aTurn();
            assertThat(loop.metrics().resources()).isEmpty();
        }
    }

    private static void change(Handle handle, int what) {
        switch (what) {
            case 0 -> handle.unref();
            case 1 -> handle.ref();
            default -> handle.dispose();
        }
    }

    @Test
    void handlesReferencedAndClosedByManyThreadsAtOnceAreCountedRight() throws InterruptedException {
        Handle kept = loop.open("kept");
        for (int round = 0; round < 200; round++) {
            Handle handle = loop.open("raced");
            CountDownLatch start = new CountDownLatch(1);
            List<Thread> threads = Stream.<Runnable>of(handle::unref, handle::ref, handle::unref, handle::dispose)
                    .map(change -> new Thread(() -> {
                        Spin.until(start);
                        change.run();
                    }))
                    .toList();
            threads.forEach(Thread::start);
            start.countDown();
            for (Thread thread : threads) {
                thread.join();
            }

            assertThat(loop.metrics().resources()).containsExactly("kept");
        }
        Mono<Void> end = loop.disposeGracefully().cache();
        end.subscribe();
        Mono.<Void>create(sink -> ((DefaultEventLoop) loop).onLoop(sink::success))
                .block(LIMIT);

        assertThat(loop.metrics().resources()).containsExactly("kept"); // not too early
        kept.dispose();
        end.block(LIMIT); // and not never
    }

    @Test
    void refUnrefAndRefreshFromOutsideTakeEffect() throws InterruptedException {
        CountDownLatch release = hold();
        Timeout timer = loop.setTimeout(Duration.ofHours(1), () -> {});
        timer.unref();
        timer.ref();
        timer.unref();
        release.countDown();
        settle();
        assertThat(loop.metrics().resources()).isEmpty();
        assertThat(timer.ref().hasRef()).isTrue();
        settle();
        assertThat(loop.metrics().resources()).containsExactly("Timeout");

        BlockingQueue<String> runs = new LinkedBlockingQueue<>();
        Timeout refreshed = loop.setTimeout(Duration.ofMillis(5), () -> runs.add("run"));
        assertThat(runs.poll(20, TimeUnit.SECONDS)).isEqualTo("run");
        refreshed.refresh(); // a timer that has run runs once more
        assertThat(runs.poll(20, TimeUnit.SECONDS)).isEqualTo("run");
        timer.dispose();
    }
}
