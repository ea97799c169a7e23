// SPDX-License-Identifier: Apache-2.0
package io.spindle.benchmarks;

import io.spindle.loop.EventLoop;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import reactor.core.Disposable;
import reactor.core.scheduler.Scheduler;

/**
 * Disposes tasks at the moment in which they run, for {@link LoopStress}. A round is a task of a lot of eight in order, of a
 * worker, of the loop, immediates or tasks with a delay of microseconds, of which some are disposed one by one, or all with their
 * worker. Lost is what was not disposed and has not run, what has run twice, and what has run out of its order. How many lots were
 * met in the middle is printed: some of what was disposed in them had run and some had not.
 */
final class DisposalStress {

    private static final int LOT = 8;

    private DisposalStress() {}

    /**
     * Runs it.
     *
     * @param patience waits until something holds, and returns whether it did in time
     * @return what was lost
     */
    static long lost(EventLoop loop, long rounds, long seed, Patience patience, int maxWait) {
        SplittableRandom random = new SplittableRandom(seed);
        long lost = 0;
        long met = 0;
        for (long round = 0; round < rounds; round += LOT) {
            Lot lot = new Lot(loop, random.nextInt(5));
            int disposed = lot.start(random);
            for (int wait = random.nextInt(maxWait); wait > 0; wait--) {
                Thread.onSpinWait();
            }
            lot.dispose(disposed);
            if (patience.until(lot::isOver)) {
                lost += lot.wrong(disposed);
                met += lot.wasMet(disposed) ? 1 : 0;
            } else {
                lost += LOT;
            }
        }
        System.out.println(met + " of " + rounds / LOT + " lots were met in the middle");
        return lost;
    }

    /** Waits. */
    interface Patience {
        boolean until(BooleanSupplier condition);
    }

    private static final class Lot {

        private final EventLoop loop;
        private final Scheduler.Worker worker;
        private final int kind;
        private final Disposable[] handles = new Disposable[LOT];
        private final int[] order = new int[LOT]; // at which place each has run, 0: not; of the loop
        private int runs; // of the loop
        private volatile boolean over;

        Lot(EventLoop loop, int kind) {
            this.loop = loop;
            this.worker = loop.createWorker();
            this.kind = kind;
        }

        /** Returns which are to be disposed, a bit each. */
        int start(SplittableRandom random) {
            for (int i = 0; i < LOT; i++) {
                int number = i;
                Runnable task = () -> order[number] = order[number] == 0 ? ++runs : -1;
                handles[i] = switch (kind) {
                    case 0, 1 -> worker.schedule(task);
                    case 2 -> loop.schedule(task);
                    case 3 -> loop.setImmediate(task);
                    default -> loop.schedule(task, 5, TimeUnit.MICROSECONDS);
                };
            }
            return kind == 0 ? (1 << LOT) - 1 : random.nextInt(1 << LOT);
        }

        void dispose(int which) {
            if (kind == 0) {
                worker.dispose(); // as a group
            } else {
                for (int i = 0; i < LOT; i++) {
                    if ((which & 1 << i) != 0) {
                        handles[i].dispose();
                    }
                }
            }
            Runnable last = () -> over = true; // behind all that are left
            switch (kind) {
                case 0, 1, 2 -> loop.schedule(last);
                case 3 -> loop.setImmediate(last);
                default -> loop.schedule(last, 5, TimeUnit.MICROSECONDS);
            }
        }

        boolean isOver() {
            return over;
        }

        boolean wasMet(int disposed) {
            boolean ran = false;
            boolean missing = false;
            for (int i = 0; i < LOT; i++) {
                if ((disposed & 1 << i) != 0) {
                    ran |= order[i] != 0;
                    missing |= order[i] == 0;
                }
            }
            return ran && missing;
        }

        /** Counts after the end. */
        long wrong(int disposed) {
            long wrong = 0;
            int last = 0;
            for (int i = 0; i < LOT; i++) {
                boolean mayBeMissing = (disposed & 1 << i) != 0;
                if (order[i] < 0 || (order[i] == 0 && !mayBeMissing)) {
                    wrong++;
                } else if (order[i] != 0) {
                    wrong += order[i] > last ? 0 : 1;
                    last = order[i];
                }
            }
            return wrong;
        }
    }
}
