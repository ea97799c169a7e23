// SPDX-License-Identifier: Apache-2.0
package io.spindle.examples.service;

import io.spindle.offload.Task;
import io.spindle.offload.WorkerPool;
import java.util.BitSet;
import java.util.concurrent.CancellationException;

/** Counts the primes below a number. It has a name, so a pool can run it in another process too. */
final class Primes implements Task<Integer, Integer> {

    @Override
    public Integer run(Integer below) {
        BitSet composite = new BitSet(Math.max(below, 0));
        int primes = 0;
        for (int i = 2; i < below; i++) {
            if (composite.get(i)) {
                continue;
            }
            primes++;
            for (long multiple = (long) i * i; multiple < below; multiple += i) {
                composite.set((int) multiple);
            }
            if (WorkerPool.isCancelled()) {
                throw new CancellationException("nobody waits for the primes below " + below);
            }
        }
        return primes;
    }
}
