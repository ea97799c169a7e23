// SPDX-License-Identifier: Apache-2.0
package io.spindle.spring;

import io.spindle.cluster.ClusterMeter;
import io.spindle.cluster.ClusterWorker;
import io.spindle.cluster.Primary;
import io.spindle.cluster.WorkerContext;
import io.spindle.process.ipc.Message;
import io.spindle.process.ipc.Reply;
import java.util.List;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * The primary's end of the actuator: it answers the questions of workers. What takes long is started and not waited for:
 * the worker that asks may be one of those that leave.
 */
final class ClusterAdmin {

    /** What workers ask for. */
    static final String SUBJECT = "boot.cluster";

    /** What workers ask for the meters of all. */
    static final String METERS = "boot.cluster.meters";

    private static final Logger log = LoggerFactory.getLogger(ClusterAdmin.class);

    /**
     * A question.
     *
     * @param what to do, none to look only
     * @param workers how many, to scale
     */
    record Question(What what, int workers) {}

    /** What can be asked for. */
    enum What {
        STATUS,
        RELOAD,
        SCALE
    }

    /**
     * The answer.
     *
     * @param primary its process id
     * @param wanted how many workers there are to be
     * @param workers those that have not ended
     * @param reload what became of the last one that was asked for here: none, running, done, or why it failed; those by
     *     a signal are not told
     */
    record Status(long primary, int wanted, List<Member> workers, String reload) {

        long serving() {
            return workers.stream().filter(Member::serves).count();
        }
    }

    /**
     * A worker.
     *
     * @param id its number
     * @param slot its place
     * @param pid its process id
     * @param state where it is in its life
     */
    record Member(int id, int slot, long pid, String state) {

        boolean serves() {
            return state.equals("ready");
        }
    }

    private static final String RUNNING = "running";

    private volatile String reload = "none";

    /** What a worker does: asks for the status. */
    static Mono<Status> status(WorkerContext worker) {
        return ask(worker, new Question(What.STATUS, 0));
    }

    static Mono<Status> ask(WorkerContext worker, Question question) {
        return worker.request(SUBJECT, question).map(answer -> answer.as(Status.class));
    }

    /** What a worker does: asks for the meters of all workers, added up. */
    static Mono<List<ClusterMeter>> meters(WorkerContext worker) {
        return worker.request(METERS, "").map(answer -> List.of(answer.as(ClusterMeter[].class)));
    }

    static Mono<Reply> meters(Primary primary) {
        return primary.meters().map(Reply::of);
    }

    Mono<Reply> answer(Primary primary, Message message) {
        return Mono.just(Reply.of(answer(primary, message.as(Question.class))));
    }

    Status answer(Primary primary, Question question) {
        switch (question.what()) {
            case STATUS -> log.trace("asked for the status");
            case RELOAD -> reload(primary);
            case SCALE -> scale(primary, question.workers());
        }
        int wanted = question.what() == What.SCALE ? question.workers() : primary.wanted();
        return look(primary, wanted);
    }

    /** The primary would refuse a second one, and what becomes of the first is still to be told. */
    private void reload(Primary primary) {
        if (reload.equals(RUNNING)) {
            return;
        }
        reload = RUNNING;
        primary.reload().subscribe(null, failed -> reload = String.valueOf(failed.getMessage()), () -> reload = "done");
    }

    private static void scale(Primary primary, int workers) {
        primary.scale(workers).subscribe(null, failed -> log.warn("not scaled: {}", failed.getMessage()));
    }

    private Status look(Primary primary, int wanted) {
        return new Status(
                ProcessHandle.current().pid(),
                wanted,
                primary.workers().stream().map(ClusterAdmin::member).toList(),
                reload);
    }

    private static Member member(ClusterWorker worker) {
        return new Member(
                worker.id(), worker.slot(), worker.pid(), worker.state().name().toLowerCase(Locale.ROOT));
    }
}
