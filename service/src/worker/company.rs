//! Jobs that are done together: one proof of the inputs of many takes far less than a proof of each.
//!
//! The job whose ticket was taken leads the others: their own tickets find nothing to do as long as it is not at an end. If
//! its attempt is given up, the next one puts them back to wait, and does the job alone.

use super::Worker;
use crate::job::Job;
use std::sync::Arc;

/// Most inputs of one proof.
const MOST: i64 = 64;

impl Worker {
    /// Jobs that are begun with a job, for one proof of all: with it as many as a power of two.
    pub(super) async fn company(&self, job: &Job) -> anyhow::Result<Vec<Job>> {
        let mut company = vec![];
        if job.together.is_none() || job.attempts > 1 {
            return Ok(company);
        }
        let most = self.most(job).await?;
        let mut waiting = self.insist(|| self.store.company(job, most - 1)).await?;
        let size = 1 << (waiting.len() + 1).ilog2();
        waiting.truncate(size - 1);
        for id in waiting {
            if let Some(other) = self.insist(|| self.store.follow(&id, &job.id)).await?
                && self.admitted(&other).await?
            {
                company.push(other);
            }
        }
        // Some were taken by others in between.
        let size = 1 << (company.len() + 1).ilog2();
        for other in company.split_off(size - 1) {
            self.insist(|| self.store.put_back(&other.id, other.attempts)).await?;
        }
        Ok(company)
    }

    /// How many inputs of a job's model there is memory for in one proof.
    async fn most(&self, job: &Job) -> anyhow::Result<i64> {
        let model = job.model.as_deref().unwrap_or_default();
        let model = self.insist(|| self.store.job(model)).await?;
        let each = model.and_then(|model| model.result?.get("proof_memory_bytes")?.as_u64());
        let (Some(each), Some(all)) = (each, self.memory()) else { return Ok(MOST) };
        Ok(i64::try_from(all / each.max(1)).unwrap_or(MOST).clamp(1, MOST))
    }

    /// Does a job and its company: by one proof or, if that comes to nothing, each by itself. The job is ended last, so that
    /// its ticket is there as long as there is something to be done.
    pub(super) async fn together(self: Arc<Self>, job: Job, company: Vec<Job>) -> anyhow::Result<()> {
        let mut jobs = company;
        jobs.push(job);
        if jobs.len() > 1 {
            match self.clone().run(&jobs).await {
                Ok(results) => {
                    for (job, result) in jobs.iter().zip(results) {
                        self.end(job, Ok(result)).await?;
                    }
                    return Ok(());
                }
                Err(fault) => tracing::info!(jobs = jobs.len(), "each is proven by itself: {fault:?}"),
            }
        }
        for job in jobs {
            let result = self.clone().run(std::slice::from_ref(&job)).await;
            let result = result.map(|results| results.into_iter().next().unwrap_or_default());
            self.end(&job, result).await?;
        }
        Ok(())
    }
}
