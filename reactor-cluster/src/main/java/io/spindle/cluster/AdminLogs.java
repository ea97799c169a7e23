// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * The request {@code logs [N] [worker ID] [follow]}: the last lines that the primary has seen, and those that come.
 *
 * @param tail how many of those that there are
 * @param worker whose, or {@link RecentLines#ALL}
 * @param follows whether it goes on until the cluster ends
 */
record AdminLogs(int tail, int worker, boolean follows) {

    static final String NAME = "logs";

    private static final int DEFAULT_TAIL = 100;
    private static final String NOT_SEEN =
            "workers print to the output of the primary, or elsewhere, by themselves: it sees no line"
                    + " of theirs, only what happens to them. Set WorkerSettings.stdout(Output.pipe()) and stderr to have their lines here";

    /**
     * Reads a request.
     *
     * @param words the first is {@link #NAME}
     * @throws IllegalArgumentException with a message for the client
     */
    static AdminLogs parse(List<String> words) {
        List<String> rest = words.subList(1, words.size());
        boolean follows = !rest.isEmpty() && rest.get(rest.size() - 1).equals("follow");
        rest = rest.subList(0, rest.size() - (follows ? 1 : 0));
        int worker = RecentLines.ALL;
        if (rest.size() >= 2 && rest.get(rest.size() - 2).equals("worker")) {
            worker = number("ID", rest.get(rest.size() - 1), 1);
            rest = rest.subList(0, rest.size() - 2);
        }
        if (rest.size() > 1) {
            throw new IllegalArgumentException(
                    "a request for lines is logs [N] [worker ID] [follow], was " + String.join(" ", words));
        }
        return new AdminLogs(rest.isEmpty() ? DEFAULT_TAIL : number("N", rest.get(0), 0), worker, follows);
    }

    private static int number(String name, String text, int least) {
        try {
            int number = Integer.parseInt(text);
            if (number >= least) {
                return number;
            }
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(name + " of logs must be a number, was " + text, e);
        }
        throw new IllegalArgumentException(name + " of logs must be at least " + least + ", was " + text);
    }

    /** Emits the head and then as many lines at a time as have come meanwhile; completes at the end of all. */
    AdminReply of(RecentLines lines) {
        String note = lines.isOutputSeen() ? "" : NOT_SEEN;
        Flux<byte[]> all = Flux.using(
                () -> lines.read(worker, tail, follows),
                reader -> Flux.concat(
                        Mono.fromCallable(() -> AdminAnswer.begun(note)).subscribeOn(Schedulers.boundedElastic()),
                        batches(reader)),
                RecentLines.Reader::close);
        return new AdminReply(all, follows);
    }

    private static Flux<byte[]> batches(RecentLines.Reader reader) {
        return Flux.defer(() -> {
            AtomicBoolean more = new AtomicBoolean(true);
            return next(reader, more).repeat(more::get);
        });
    }

    private static Mono<byte[]> next(RecentLines.Reader reader, AtomicBoolean more) {
        return Mono.fromCallable(reader::take)
                .subscribeOn(Schedulers.boundedElastic())
                .flatMap(batch -> {
                    if (batch.isEnd()) {
                        more.set(false);
                    }
                    if (batch.missed() > 0 || !batch.lines().isEmpty()) {
                        return Mono.fromCallable(() -> AdminAnswer.lines(batch));
                    }
                    return batch.isEnd() ? Mono.empty() : batch.more().then(Mono.empty());
                });
    }
}
