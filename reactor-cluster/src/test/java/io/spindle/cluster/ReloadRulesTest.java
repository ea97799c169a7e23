// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.loop.EventLoop;
import io.spindle.loop.EventLoopSpec;
import io.spindle.testkit.LeakCheck;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Mono;

/** What a reload decides, without processes. */
@ExtendWith(LeakCheck.class)
class ReloadRulesTest {

    private static final int OLD = 0;
    private static final int NEW = 1;

    private final EventLoop loop = EventLoopSpec.of("reload").start();
    private final List<Place> places = new Places(RestartPolicy.defaults()).growTo(2);
    private final List<DefaultClusterWorker> workers = new ArrayList<>();
    private final List<Place> forked = new ArrayList<>();

    @AfterEach
    void stop() {
        loop.disposeGracefully().block(Probe.PATIENCE);
    }

    private final class Crew implements Reload.Crew {

        @Override
        public List<DefaultClusterWorker> at(Place place) {
            return workers.stream().filter(worker -> worker.place() == place).toList();
        }

        @Override
        public void fork(Place place) {
            place.forkBegins();
            forked.add(place);
        }

        @Override
        public void pause(DefaultClusterWorker worker, boolean paused) {}
    }

    private Reload reload(List<Place> chosen) {
        return new Reload(new Crew(), NEW, chosen, Duration.ZERO, loop);
    }

    private DefaultClusterWorker worker(int generation, Place place) {
        DefaultClusterWorker worker = new DefaultClusterWorker(
                workers.size(), generation, place, new Events(), loop, PrimarySpec.create(), Fakes.process());
        workers.add(worker);
        return worker;
    }

    private void onLoop(Runnable task) {
        Mono.fromRunnable(task).subscribeOn(loop).block(Probe.PATIENCE);
    }

    @Test
    void theEndOfAWorkerElsewhereDoesNotFailTheRecyclingOfAPlace() {
        Place recycled = places.get(0);
        Reload reload = reload(List.of(recycled));
        onLoop(() -> {
            reload.advance();
            DefaultClusterWorker elsewhere = worker(NEW, places.get(1));
            workers.remove(elsewhere);
            reload.gone(elsewhere);
            worker(NEW, recycled).advance(WorkerState.READY);
            reload.advance();
        });

        reload.done().block(Probe.PATIENCE);

        assertThat(forked).containsExactly(recycled);
    }

    @Test
    void aPlaceThatIsLeftAsTheLastOneIsNotWaitedFor() {
        Reload reload = reload(places);
        onLoop(() -> {
            worker(NEW, places.get(0)).advance(WorkerState.READY);
            DefaultClusterWorker leaves = worker(NEW, places.get(1));
            reload.advance();
            places.get(1).retire();
            leaves.leaving();
            workers.remove(leaves);
            reload.gone(leaves);
        });

        reload.done().block(Probe.PATIENCE);

        assertThat(forked).isEmpty();
    }

    @Test
    void noSecondWorkerIsAwaitedOnceItIsDecided() {
        Reload reload = reload(List.of(places.get(0)));
        onLoop(() -> {
            worker(OLD, places.get(0)).advance(WorkerState.READY);
            reload.advance();
            assertThat(reload.awaits(places.get(0))).isTrue();
            assertThat(reload.awaits(places.get(1))).isFalse();
            reload.notForked(places.get(0));
            assertThat(reload.awaits(places.get(0))).isFalse();
        });
    }
}
