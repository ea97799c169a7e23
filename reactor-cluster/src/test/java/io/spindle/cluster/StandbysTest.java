// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.spindle.loop.EventLoop;
import io.spindle.loop.EventLoopSpec;
import io.spindle.testkit.LeakCheck;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.Disposables;

/** Who is promoted and who is started, without processes: two places that serve and one in standby. */
@ExtendWith(LeakCheck.class)
class StandbysTest {

    private final EventLoop loop = EventLoopSpec.of("standbys").start();
    private final Places places = new Places(RestartPolicy.defaults().maxFailedStarts(1));
    private final List<DefaultClusterWorker> workers = new ArrayList<>();
    private final List<Place> forked = new ArrayList<>();
    private final List<DefaultClusterWorker> promoted = new ArrayList<>();
    private final Standbys standbys = new Standbys(places, new Crew(), promoted::add);
    private Place first;
    private Place second;
    private Place third;

    private final class Crew implements Reload.Crew {

        @Override
        public List<DefaultClusterWorker> at(Place place) {
            return workers.stream().filter(worker -> worker.place() == place).toList();
        }

        @Override
        public void fork(Place place) {
            forked.add(place);
        }

        @Override
        public void pause(DefaultClusterWorker worker, boolean paused) {}
    }

    @BeforeEach
    void start() {
        places.growTo(2);
        places.addStandbys(1);
        first = places.serving().get(0);
        second = places.serving().get(1);
        third = places.standbys().get(0);
    }

    @AfterEach
    void stop() {
        loop.disposeGracefully().block(Probe.PATIENCE);
    }

    private DefaultClusterWorker worker(Place place, WorkerState state) {
        DefaultClusterWorker worker = new DefaultClusterWorker(
                workers.size(), 0, place, new Events(), loop, PrimarySpec.create(), Fakes.process());
        worker.connected(Fakes.channel());
        worker.advance(state);
        workers.add(worker);
        return worker;
    }

    @Test
    void thoseThatServeHaveTheFirstPlaces() {
        assertThat(List.of(first, second, third)).extracting(Place::slot).containsExactly(0, 1, 2);
        assertThat(places.kept()).containsExactly(first, second, third);
    }

    @Test
    void oneThatIsWarmTakesOverAndThePlacesChangeTheirParts() {
        worker(second, WorkerState.READY);
        DefaultClusterWorker warm = worker(third, WorkerState.STANDBY);

        standbys.takeOver(first);
        standbys.takeOver(second); // there is no other

        assertThat(promoted).containsExactly(warm);
        assertThat(places.serving()).containsExactly(second, third);
        assertThat(places.standbys()).containsExactly(first);
        assertThat(places.kept()).as("those that serve first").containsExactly(second, third, first);
    }

    @Test
    void oneThatStartsOrLeavesIsNotWarm() {
        worker(third, WorkerState.LISTENING);
        worker(third, WorkerState.DRAINING);

        standbys.takeOver(first);

        assertThat(promoted).isEmpty();
        assertThat(first.isStandby()).isFalse();
    }

    @Test
    void oneWhoseSuccessorIsThereIsPromotedOnlyIfItComesBack() {
        DefaultClusterWorker old = worker(third, WorkerState.STANDBY);
        old.held(true);
        old.pause(true);
        standbys.takeOver(first);
        assertThat(promoted).isEmpty();
        old.pause(false);

        standbys.takeOver(first);

        assertThat(promoted).containsExactly(old);
    }

    @Test
    void oneThatBecomesWarmTakesOverWhereTheNextStartIsDelayed() {
        DefaultClusterWorker warm = worker(third, WorkerState.STANDBY);
        standbys.warm();
        assertThat(promoted).as("nobody waits").isEmpty();
        second.awaits(Disposables.single());

        standbys.warm();

        assertThat(promoted).containsExactly(warm);
        assertThat(places.standbys()).containsExactly(second);
    }

    @Test
    void noneIsStartedWhileOneThatIsToServeIsOnItsWay() {
        worker(first, WorkerState.READY);
        second.forkBegins();
        standbys.fill();
        assertThat(forked).as("is forked").isEmpty();
        second.forkEnds();
        DefaultClusterWorker starting = worker(second, WorkerState.ONLINE);
        standbys.fill();
        assertThat(forked).as("starts").isEmpty();
        starting.advance(WorkerState.READY);

        standbys.fill();

        assertThat(forked).containsExactly(third);
    }

    @Test
    void oneIsStartedWhileAPlaceWaitsForItsNextStart() {
        worker(first, WorkerState.READY);
        second.awaits(Disposables.single());

        standbys.fill();

        assertThat(forked).containsExactly(third);
    }

    @Test
    void noneIsStartedTwice() {
        worker(third, WorkerState.FORKED);
        standbys.fill();
        workers.clear();
        third.forkBegins();
        standbys.fill();
        third.forkEnds();
        third.awaits(Disposables.single());
        standbys.fill();

        assertThat(forked).isEmpty();
    }

    @Test
    void scalingCountsThoseThatServe() {
        third.standby(false);
        first.standby(true); // as after a take-over

        List<Place> leaving = places.shrinkTo(1);

        assertThat(leaving).containsExactly(third);
        assertThat(places.standbys()).containsExactly(first);
        assertThat(places.growTo(2)).extracting(Place::slot).containsExactly(3);
    }

    @Test
    void aCrashLoopIsOneOfThoseThatServe() {
        first.notStarted(new IllegalStateException("no"));
        assertThat(places.areAllBroken()).isFalse();
        second.notStarted(new IllegalStateException("no"));
        assertThat(places.areAllBroken()).isTrue();
        worker(third, WorkerState.STANDBY);
        standbys.takeOver(first);
        assertThat(places.areAllBroken()).as("one that is sound serves").isFalse();
        places.shrinkTo(0);
        assertThat(places.areAllBroken()).as("nobody is to serve").isFalse();
    }

    @Test
    void onlyThoseInStandbyAreLeftWhenNobodyServes() {
        places.shrinkTo(1);
        places.remove(second);
        assertThat(places.areAllStandbys()).isFalse();
        first.retire();
        assertThat(places.areAllStandbys()).as("its last worker may drain").isFalse();
        places.remove(first);
        assertThat(places.areAllStandbys()).isTrue();
    }

    @Test
    void aNumberBelowZeroIsRejected() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PrimarySpec.create().standby(-1))
                .withMessage("standby must not be negative, was -1");
    }

    @Test
    void socketsOfTheWorkersOwnAllowNoStandby() {
        String why = "standby must be 0 where each worker has a socket of its own (Listening.reusePort), was 1";
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        PrimarySpec.create().listening(Listening.reusePort()).standby(1))
                .withMessage(why);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PrimarySpec.create().standby(1).listening(Listening.reusePort()))
                .withMessage(why);
        assertThat(PrimarySpec.create()
                        .listening(Listening.reusePort())
                        .standby(0)
                        .standby())
                .isZero();
    }
}
