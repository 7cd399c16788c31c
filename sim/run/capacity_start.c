/* capacity_start.c - a first guess: what the machine repairman model says of so many notebooks on so many GPUs. */
#include "sim/run/capacity.h"

#include "sim/base/exact.h"

#include <math.h>
#include <string.h>

enum { NOTEBOOKS_MAX = 2000 };

/* A closed loop of n users, think mean Z and burst mean S, at one server: p_k ~ n!/(n-k)! (S/Z)^k are the odds of k bursts
 * there.  A burst finds what an outsider would see with n - 1 users (Lavenberg & Reiser, J. Appl. Prob. 17, 1980), so that its
 * response in the order of arrival is Erlang of that number plus one. */
static double response_mean(int64_t n, double think, double burst)
{
    double queue = 0, response = burst;

    for (int64_t k = 1; k <= n; k++) {
        response = burst * (1 + queue);
        queue = (double)k * response / (think + response);
    }
    return response;
}

/* P(response > t) */
static double tail(int64_t n, double think, double burst, double t)
{
    double odds = 1, sum = 0, all = 0, term = exact_exp(-t / burst), erlang = 0;

    for (int64_t k = 0; k < n; k++) {
        erlang += term;
        term *= t / burst / (double)(k + 1);
        sum += odds * erlang;
        all += odds;
        odds *= (double)(n - 1 - k) * burst / think;
        if (all > 1e280)
            return 1;
    }
    return sum / all;
}

static bool is_kept(const struct sla *sla, int64_t n, double think, double burst)
{
    double mean = response_mean(n, think, burst);

    switch (sla->metric) {
    case SLA_RESPONSE_MEAN:
        return mean <= sla->target;
    case SLA_SLOWDOWN_MEAN:
        return mean / burst <= sla->target;
    case SLA_RESPONSE_P50:
        return tail(n, think, burst, sla->target) <= 0.50;
    case SLA_RESPONSE_P95:
        return tail(n, think, burst, sla->target) <= 0.05;
    case SLA_RESPONSE_P99:
        return tail(n, think, burst, sla->target) <= 0.01;
    default:
        return true;
    }
}

static bool all_kept(const struct scenario *s, size_t group, int64_t n, double think, double burst)
{
    for (size_t i = 0; i < s->slas; i++)
        if (sla_concerns(s, &s->sla[i], group) && !is_kept(&s->sla[i], n, think, burst))
            return false;
    return true;
}

int64_t capacity_start(const struct vary *vary, const struct scenario *s)
{
    double gpus = 0, speed = 0;
    int64_t now = vary_place(vary, isnan(vary->now) ? vary->low : vary->now), n = 0;
    size_t group = 0;

    for (size_t i = 0; i < s->nodes; i++) {
        double these = (double)(s->node[i].count * s->node[i].gpus);
        gpus += these;
        speed += these * s->node[i].gpu_speed;
    }
    while (group < s->workloads &&
           (strncmp(vary->key, "workload.", 9) != 0 || strstr(vary->key, ".count") == NULL ||
            strncmp(vary->key + 9, s->workload[group].name, strlen(s->workload[group].name)) != 0 ||
            vary->key[9 + strlen(s->workload[group].name)] != '.'))
        group++;
    if (group == s->workloads || s->workload[group].class != GS_NOTEBOOK || vary->step != 1)
        return now;
    double think = dist_mean(&s->workload[group].think) * 1e-9;
    double burst = dist_mean(&s->workload[group].burst) * 1e-9 / (speed / gpus);
    if (!(think > 0 && think < 1e9 && burst > 0 && burst < 1e9))
        return now;
    while (n < NOTEBOOKS_MAX && all_kept(s, group, n + 1, think, burst) && (double)n * gpus < vary->high)
        n++;
    /* Nothing broke: what is promised does not depend on this group, as far as the model knows. */
    bool broke = n < NOTEBOOKS_MAX && !all_kept(s, group, n + 1, think, burst);
    return n == 0 || !broke ? now : (int64_t)((double)n * gpus);
}
